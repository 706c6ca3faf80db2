import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Engine, SqlError } from '../../src/engine/engine.ts';
import { bigint, text } from '../../src/schema/columns.ts';
import { table } from '../../src/schema/table.ts';
import { engineWith } from './support.ts';

/** Numbers from 0; the one at `bad` cannot be made. */
function numbers(to: number, bad = to) {
  return table({
    name: 'numbers',
    description: 'Numbers from 0',
    platforms: ['linux'],
    columns: { n: bigint('n'), name: text('name') },
    examples: [],
    *generate({ row }) {
      for (let n = 0; n < to; n++) {
        if (n === bad) throw new Error(`no ${n}`);
        yield row({ n, name: `number ${n}` });
      }
    },
  });
}

function oneByOne(engine: Engine, sql: string): (string | null)[][] {
  const { statement } = engine.prepare(sql);
  using open = statement!;
  const rows: (string | null)[][] = [];
  while (open.step()) rows.push(open.columns.map((_, i) => open.text(i)));
  return rows;
}

function* manyAtOnce(engine: Engine, sql: string): Generator<(string | null)[]> {
  const { statement } = engine.prepare(sql);
  using open = statement!;
  yield* open.rows((cell) => cell);
}

/** A row for each number up to `to`. */
const COUNT = (columns: string, to: number) =>
  `with recursive c(n) as (select 0 union all select n + 1 from c limit ${to}) select ${columns} from c`;

describe('rows, many at a time, are those that come one by one', () => {
  const queries = {
    none: COUNT('n', 0),
    one: COUNT('n', 1),
    'as many as are read cell by cell': COUNT('n', 16),
    'one more': COUNT('n', 17),
    thousands: COUNT('n, n * 0.5, n % 3 = 0', 5000),
    nulls: COUNT("nullif(n % 2, 0), null, iif(n % 5, 'x', null)", 300),
    'all NULL': COUNT('null', 300),
    'empty texts': COUNT("'', n, '', zeroblob(0)", 300),
    'the largest integers': COUNT('9223372036854775807 - n, -9223372036854775807 - 1 + n', 100),
    reals: COUNT('1e300 * n, n / 7.0, -0.0, 9e999', 100),
    'beyond ASCII': COUNT("'ä€😀' || n, n", 300),
    'ASCII, but for one': COUNT("iif(n = 200, 'ä', 'a') || n", 300),
    'bytes that are no UTF-8': COUNT("cast(x'41ff42' as text), x'00ff80', n", 100),
    NULs: COUNT("'a' || char(0) || 'b', n", 100),
    'each byte by itself': COUNT("char(n) || 'x' || char(n)", 256),
    'NULs at each place of a word': COUNT("substr('abcdefghijk', 1, n % 11) || char(0) || 'z'", 100),
    'texts of every length': COUNT("substr(hex(zeroblob(200)), 1, n), '|'", 400),
    'rows without room': COUNT("iif(n % 20 = 19, hex(zeroblob(20000)), 'short'), n", 100),
    'cells larger than all room': COUNT("hex(zeroblob(100000)), 'x', n", 40),
    'many columns': COUNT(Array.from({ length: 120 }, (_, i) => `n + ${i}`).join(', '), 200),
  };
  for (const [name, sql] of Object.entries(queries)) {
    test(name, () => {
      const { engine } = engineWith([]);
      assert.deepEqual([...manyAtOnce(engine, sql)], oneByOne(engine, sql));
    });
  }
});

test('the types of cells', () => {
  const { statement } = engineWith([]).engine.prepare(COUNT("n, n + 0.5, 'a', x'61', null", 100));
  using open = statement!;
  const rows = [...open.rows((_, type) => type)];
  assert.equal(rows.length, 100);
  for (const row of rows) assert.deepEqual(row, [1, 2, 3, 4, 5]);
});

test('rows that came before an error are there', () => {
  const { engine } = engineWith([numbers(1000, 500)]);
  const rows: unknown[] = [];
  assert.throws(
    () => {
      for (const row of manyAtOnce(engine, 'select n from numbers')) {
        rows.push(row);
        // What else the engine does is not what the error says.
        engine.query('select 1');
      }
    },
    (cause) => cause instanceof SqlError && /numbers: Error: no 500/.test(cause.message),
  );
  assert.equal(rows.length, 500);
  assert.equal([...manyAtOnce(engine, 'select 1')].length, 1);
});

test('the limit of rows', () => {
  for (const limit of [5, 16, 17, 100]) {
    const { engine } = engineWith([numbers(1000)]);
    engine.limits.rows = limit;
    const rows: unknown[] = [];
    assert.throws(
      () => {
        for (const row of manyAtOnce(engine, 'select n from numbers')) rows.push(row);
      },
      new RegExp(`returned more than ${limit} rows`),
    );
    assert.equal(rows.length, limit);
    assert.equal([...manyAtOnce(engine, `select n from numbers limit ${limit}`)].length, limit);
  }
});

test('a cancelled query stops among rows', () => {
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const { engine } = engineWith([numbers(1_000_000)], { cancel });
  let rows = 0;
  assert.throws(() => {
    for (const _ of manyAtOnce(engine, 'select n from numbers')) if (++rows === 1000) Atomics.store(cancel, 0, 1);
  }, /interrupted/);
  assert.ok(rows >= 1000 && rows < 1100, String(rows));
});

test('two statements in turn, and one left early', () => {
  const { engine } = engineWith([]);
  const a = manyAtOnce(engine, COUNT("n || 'ä'", 200));
  const b = manyAtOnce(engine, COUNT('n * 2', 200));
  for (let n = 0; n < 200; n++) {
    assert.deepEqual(a.next().value, [`${n}ä`]);
    assert.deepEqual(b.next().value, [String(n * 2)]);
    // The memory grows, and moves, between two rows.
    if (n === 100) engine.query('select length(group_concat(hex(zeroblob(1000000)))) from (values (1), (2), (3))');
  }
  for (const [cell] of manyAtOnce(engine, COUNT('n', 1000))) if (cell === '50') break;
  assert.deepEqual([...manyAtOnce(engine, 'select 1')], [['1']]);
});

test('memory is given back', () => {
  const { engine } = engineWith([]);
  const run = () => {
    for (let i = 0; i < 500; i++) {
      for (const [cell] of manyAtOnce(engine, COUNT('n', 100))) if (i % 2 === 0 && cell === '50') break;
    }
  };
  run();
  const before = engine.memory;
  run();
  assert.equal(engine.memory, before);
});

test('slow rows that are too long to be fetched together', () => {
  const slow = table({
    name: 'slow',
    description: 'Rows that take a while, two of which have no room',
    platforms: ['linux'],
    columns: { n: bigint('n'), t: text('t') },
    examples: [],
    *generate({ row }) {
      for (let n = 0; n < 60; n++) {
        // Longer than a call that fetches one row the next time.
        const end = performance.now() + 5;
        while (performance.now() < end);
        yield row({ n, t: 'x'.repeat(n % 3 === 0 ? 100 : 20_000) });
      }
    },
  });
  const { engine } = engineWith([slow]);
  using open = engine;
  assert.deepEqual(
    [...manyAtOnce(open, 'select n, t from slow')].map(([n]) => Number(n)),
    [...Array(60).keys()],
  );
});
