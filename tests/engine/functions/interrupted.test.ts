import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineOptions } from '../../../src/engine/engine.ts';
import { Interrupted } from '../../../src/engine/errors.ts';
import { functions } from '../../../src/engine/functions/index.ts';
import { SQLITE_INTERRUPT } from '../../../src/engine/sqlite/constants.ts';
import { engineWith } from '../support.ts';

const FOREVER = 'select sleep(1000000)';

function engineWithSleep(options: Partial<EngineOptions> = {}) {
  return engineWith([], { functions: (context) => functions(context), ...options }).engine;
}

test('a function over the deadline of its query fails with what the query took', () => {
  const engine = engineWithSleep();
  engine.limits.deadlineMs = 20;
  const message = 'interrupted: the query took longer than 20 ms';
  assert.throws(() => engine.query(FOREVER), { name: 'SqlError', code: SQLITE_INTERRUPT, message });
  assert.deepEqual(engine.query('select 1').rows, [[1]], 'the engine goes on');
});

test('a function of a query that is cancelled fails with SQLite’s word', () => {
  const cancel = new Int32Array(1);
  const engine = engineWithSleep({ cancel });
  cancel[0] = 1;
  assert.throws(() => engine.query(FOREVER), { code: SQLITE_INTERRUPT, message: 'interrupted' });
  cancel[0] = 0;
  assert.deepEqual(engine.query('select 1').rows, [[1]]);
});

test('an aggregate is stopped in its steps and in its result', () => {
  const stop = () => {
    throw new Interrupted('deadline');
  };
  const aggregate = { arity: 1, accepts: 'value', description: '', example: '', start: () => 0 } as const;
  const { engine } = engineWith([], {
    functions: {
      scalars: [],
      aggregates: [
        { ...aggregate, name: 'stops_in_step', step: stop, result: () => null },
        { ...aggregate, name: 'stops_in_result', step: () => {}, result: stop },
      ],
      collations: [],
    },
  });
  for (const name of ['stops_in_step', 'stops_in_result']) {
    assert.throws(() => engine.query(`select ${name}(1)`), { code: SQLITE_INTERRUPT, message: 'interrupted' });
  }
});
