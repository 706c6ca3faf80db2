import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { ScheduledQuery } from '../../src/config/schedule.ts';
import { type FinishedRun, logRun, type ResultOptions } from '../../src/daemon/log-run.ts';
import type { Logger } from '../../src/loggers/logger.ts';
import type { RowText } from '../../src/results/row.ts';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';

const QUERY: ScheduledQuery = {
  name: 'q',
  query: 'select 1',
  interval: 10,
  snapshot: false,
  removed: true,
  denylist: true,
  runAtStart: false,
  startupPriority: 0,
};
const OPTIONS: ResultOptions = {
  eventType: true,
  snapshotEventType: false,
  numerics: false,
  decorationsTopLevel: false,
};

let store: Store;
let results: string[];
let snapshots: string[];
let logger: Logger;
beforeEach(() => {
  store = openMemoryStore();
  results = [];
  snapshots = [];
  logger = {
    results: (lines) => results.push(...lines) > 0,
    snapshots: (lines) => snapshots.push(...lines) > 0,
    status: () => assert.fail(),
    close: async () => {},
  };
});
afterEach(() => store[Symbol.dispose]());

function run(
  texts: readonly string[],
  query: Partial<ScheduledQuery> = {},
  options: Partial<ResultOptions> = {},
  more: Partial<FinishedRun> = {},
) {
  const rows = texts.map((text) => `{"a":"${text}"}` as RowText);
  const finished = {
    query: { ...QUERY, ...query },
    name: 'pack_p_q',
    rows,
    hostIdentifier: 'h',
    time: 1795435142,
    epoch: 0n,
    decorations: [],
    ...more,
  };
  return logRun(finished, store, logger, { ...OPTIONS, ...options });
}

/** Actions and values of event lines, with their counters. */
const events = () =>
  results
    .splice(0)
    .map((line) => JSON.parse(line))
    .map(({ action, columns, counter }) => `${counter} ${action} ${columns.a}`);

test('a line for each row that came or went', () => {
  run(['x', 'y']);
  assert.deepEqual(events(), ['0 added x', '0 added y']);
  run(['y', 'z']);
  assert.deepEqual(events(), ['1 removed x', '1 added z']);
  run(['y', 'z']);
  assert.deepEqual(events(), []);
  run([]);
  assert.deepEqual(events().sort(), ['2 removed y', '2 removed z']);
});

test('a line for each run that changed something, and for the first', () => {
  const batch = { eventType: false };
  run([], {}, batch);
  run([], {}, batch);
  run(['x'], {}, batch);
  const lines = results.map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ diffResults, counter }) => [diffResults, counter]),
    [
      [{ removed: [], added: [] }, 0],
      [{ removed: [], added: [{ a: 'x' }] }, 1],
    ],
  );
});

test('without removed rows these go unsaid, but not unseen', () => {
  run(['x'], { removed: false });
  run(['y'], { removed: false });
  run(['x'], { removed: false });
  assert.deepEqual(events(), ['0 added x', '1 added y', '2 added x']);
});

test('a snapshot is all rows, each time', () => {
  const snapshot = { snapshot: true };
  assert.equal(run(['x', 'x'], snapshot), undefined);
  run([], snapshot);
  assert.deepEqual(results, []);
  assert.deepEqual(
    snapshots.splice(0).map((line) => JSON.parse(line).snapshot),
    [[{ a: 'x' }, { a: 'x' }], []],
  );
  run(['x', 'y'], snapshot, { snapshotEventType: true });
  assert.deepEqual(
    snapshots.map((line) => JSON.parse(line).columns.a),
    ['x', 'y'],
  );
});

test('what could not be logged is logged by the next run', () => {
  run(['x']);
  results.length = 0;
  const { results: log } = logger;
  logger.results = () => {
    throw new Error('crash');
  };
  assert.throws(() => run(['y']), /crash/);
  logger.results = () => false;
  assert.equal(run(['y']), undefined);
  logger.results = log;
  run(['y']);
  assert.deepEqual(events(), ['1 removed x', '1 added y']);
});

test('lines have the head that the run gives', () => {
  run(['x'], {}, { numerics: true, decorationsTopLevel: true }, { epoch: 7n, decorations: [['site', 'b\u00fcro']] });
  assert.equal(
    results[0],
    '{"name":"pack_p_q","hostIdentifier":"h","calendarTime":"Mon Nov 23 11:59:02 2026 UTC","unixTime":1795435142,"epoch":7,"counter":0,"numerics":true,"site":"b\u00fcro","columns":{"a":"x"},"action":"added"}',
  );
});
