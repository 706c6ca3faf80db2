import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SqlError } from '../../src/engine/engine.ts';
import { bigint, blob, double, integer, text, unsignedBigint } from '../../src/schema/columns.ts';
import { type AnyTable, type Pattern, table } from '../../src/schema/table.ts';
import { engineWith } from './support.ts';

const platforms = ['linux'] as const;

/** What each scan of a table was asked, in order. */
interface Asked {
  values?: readonly (string | number)[] | undefined;
  patterns?: readonly Pattern[];
  bounds?: { min?: number; max?: number };
  uses?: string[];
}

function files(asked: Asked[] = []): AnyTable {
  return table({
    name: 'files',
    description: 'Paths and what is at them',
    platforms,
    aliases: ['paths'],
    columns: {
      path: text('path', { required: true, index: true, optimized: true, aliases: ['full_path'] }),
      folder: text('folder', { required: true }),
      size: bigint('size', { additional: true }),
      secret: text('secret', { hidden: true }),
      elsewhere: text('elsewhere', { platforms: ['windows'] }),
    },
    examples: [],
    *generate({ row, values, patterns, bounds, uses }) {
      asked.push({
        values: values('path'),
        patterns: patterns('path'),
        bounds: bounds('size'),
        uses: (['path', 'folder', 'size', 'secret'] as const).filter((name) => uses(name)),
      });
      const paths = values('path') ?? ['/a', '/b'];
      for (const path of paths) yield row({ path, folder: '/', size: path.length, secret: 's' });
    },
  });
}

function count(to: number, pulled: { rows: number } = { rows: 0 }): AnyTable {
  return table({
    name: 'count',
    description: 'Numbers from 0',
    platforms,
    columns: { n: bigint('n', { index: true }) },
    examples: [],
    *generate({ row }) {
      for (let n = 0; n < to; n++) {
        pulled.rows += 1;
        yield row({ n });
      }
    },
  });
}

function sqlError(run: () => unknown): SqlError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof SqlError, String(error));
    return error;
  }
  assert.fail('the query did not fail');
}

describe('push-down', () => {
  test('IN reaches an optimized column in one call, another column value by value', () => {
    const asked: Asked[] = [];
    using engine = engineWith([files(asked)]).engine;
    assert.equal(engine.query("select * from files where path in ('/x', '/y', '/x')").rows.length, 2);
    assert.deepEqual(
      asked.map(({ values }) => values),
      [['/x', '/y']],
    );
    asked.length = 0;
    engine.query("select * from files where path = '/a' and size in (1, 2)");
    assert.deepEqual(
      asked.map(({ bounds }) => bounds),
      [
        { min: 1, max: 1 },
        { min: 2, max: 2 },
      ],
    );
  });

  test('values take the type of their column; those that no cell can equal are left out', () => {
    const asked: Asked[] = [];
    using engine = engineWith([files(asked)]).engine;
    engine.query("select 1 from files where path in (1, x'00', null, 'p')");
    assert.deepEqual(asked[0]!.values, ['1', 'p']);
  });

  test('ranges are inclusive bounds, over integers exact', () => {
    const asked: Asked[] = [];
    using engine = engineWith([files(asked)]).engine;
    engine.query("select 1 from files where path = '/a' and size > 3 and size <= '9' and size < 20");
    assert.deepEqual(asked[0]!.bounds, { min: 4, max: 9 });
  });

  test('LIKE and GLOB reach the table with their pattern; NOT LIKE does not', () => {
    const asked: Asked[] = [];
    using engine = engineWith([files(asked)]).engine;
    engine.query("select 1 from files where path like '/a%' and path glob '/*' and path not like '%z'");
    assert.deepEqual(
      asked[0]!.patterns?.toSorted((a, b) => a.operator.localeCompare(b.operator)),
      [
        { operator: 'GLOB', pattern: '/*' },
        { operator: 'LIKE', pattern: '/a%' },
      ],
    );
  });

  test('only columns that the query reads are in use, also through an alias', () => {
    const asked: Asked[] = [];
    using engine = engineWith([files(asked)]).engine;
    engine.query("select size from files where folder = '/'");
    engine.query("select full_path from paths where folder = '/'");
    assert.deepEqual(
      asked.map(({ uses }) => uses),
      [
        ['folder', 'size'],
        ['path', 'folder'],
      ],
    );
  });

  test('LIMIT pulls no more rows than it returns', () => {
    const pulled = { rows: 0 };
    using engine = engineWith([count(1e9, pulled)]).engine;
    assert.deepEqual(engine.query('select n from count limit 3').rows, [[0], [1], [2]]);
    assert.ok(pulled.rows <= 4, `${pulled.rows} rows were pulled`);
  });

  test('OR over two columns returns every row once', () => {
    using engine = engineWith([files()]).engine;
    const { rows } = engine.query("select path from files where path = '/a' or folder = '/' order by path");
    assert.deepEqual(rows, [['/a'], ['/b']]);
  });
});

describe('joins', () => {
  test('the side with required columns is driven by the other one, in whichever order they stand', () => {
    const asked: Asked[] = [];
    const { engine, warnings } = engineWith([files(asked), count(3)]);
    for (const sql of [
      "select count(*) from files join count on files.path = '/' || n",
      "select count(*) from count join files on files.path = '/' || n",
      "select count(*) from files, count where path = '/' || n",
    ]) {
      asked.length = 0;
      assert.deepEqual(engine.query(sql).rows, [[3]], sql);
      assert.deepEqual(
        asked.map(({ values }) => values),
        [['/0'], ['/1'], ['/2']],
        sql,
      );
    }
    assert.deepEqual(warnings, []);
  });

  test('rows that are equal in all that a query reads are still as many, also in RIGHT and FULL JOIN', () => {
    const jobs = table({
      name: 'jobs',
      description: 'Jobs, two of them alike',
      platforms,
      columns: { owner: text('owner', { index: true }), hour: integer('hour'), command: text('command') },
      examples: [],
      *generate({ row }) {
        yield row({ owner: 'root', hour: 3, command: 'a' });
        yield row({ owner: 'root', hour: 3, command: 'b' });
        yield row({ owner: 'ada', hour: 4, command: 'c' });
      },
    });
    using engine = engineWith([jobs, count(4)]).engine;
    const counted = (sql: string) => engine.query(`select count(*) from (${sql})`).rows[0]![0];
    assert.equal(counted('select n, hour from count right join jobs on n = hour'), 3);
    assert.equal(counted('select n, hour from count full join jobs on n = hour'), 6);
    assert.equal(counted('select n, hour from count right join jobs on n = hour + 100'), 3);
    assert.equal(counted("select hour from jobs where owner = 'root' or hour = 3"), 2);
    assert.equal(counted("select hour from jobs where owner in ('root', 'ada') or hour < 9"), 3);
    assert.equal(engine.query('select rowid = rowid and rowid = _rowid_ from jobs').rows.length, 3);
    assert.deepEqual(engine.query('select count(distinct rowid) from jobs').rows, [[3]]);
  });

  test('of two keys both are taken', () => {
    const asked: number[] = [];
    const owned = table({
      name: 'owned',
      description: 'Paths of packages',
      platforms,
      columns: { package: integer('package', { index: true }), path: integer('path', { index: true }) },
      examples: [],
      *generate({ row, values }) {
        asked.push((values('package') ?? []).length + (values('path') ?? []).length);
        yield row({ package: 1, path: 2 });
      },
    });
    const packages = table({
      name: 'packages',
      description: 'Packages',
      platforms,
      columns: { id: integer('id') },
      examples: [],
      *generate({ row }) {
        for (let id = 0; id < 3; id++) yield row({ id });
      },
    });
    using engine = engineWith([owned, packages]).engine;
    const sql = 'select id from packages join owned on package = id where path = 2';
    assert.deepEqual(engine.query(sql).rows, [[1]]);
    assert.deepEqual(asked, [2, 2, 2]);
  });

  test('the trace says table by table what was pushed, scanned and returned', () => {
    using engine = engineWith([files(), count(3)]).engine;
    engine.trace.on = true;
    engine.query("select count(*) from count join files on path = '/' || n");
    const entries = engine.trace.entries.map(({ milliseconds: _, ...rest }) => rest);
    assert.deepEqual(entries, [
      { table: 'count', constraints: [], used: ['n'], scans: 1, rows: 3 },
      { table: 'files', constraints: ['path = ?'], used: ['path'], scans: 3, rows: 3 },
    ]);
  });
});

describe('types', () => {
  const cells = (row: Record<string, unknown>): AnyTable =>
    table({
      name: 'cells',
      description: 'One row of every type',
      platforms,
      columns: {
        t: text('t'),
        i: integer('i'),
        b: bigint('b'),
        u: unsignedBigint('u'),
        d: double('d'),
        x: blob('x'),
      },
      examples: [],
      *generate(query) {
        yield query.row(row as object);
      },
    });

  test('64-bit integers are exact to the last digit, also unsigned ones', () => {
    const row = { b: -9_223_372_036_854_775_808n, u: 18_446_744_073_709_551_615n, i: 2 ** 53 - 1 };
    using engine = engineWith([cells(row)]).engine;
    using statement = engine.prepare('select b, u, i from cells').statement!;
    assert.ok(statement.step());
    assert.deepEqual(
      [0, 1, 2].map((i) => statement.text(i)),
      ['-9223372036854775808', '18446744073709551615', '9007199254740991'],
    );
    assert.equal(statement.value(0), -9_223_372_036_854_775_808n);
  });

  test('an absent cell is an empty text, or NULL in a column of another type', () => {
    using engine = engineWith([cells({})]).engine;
    assert.deepEqual(engine.query('select * from cells').rows, [['', null, null, null, null, null]]);
  });

  test('text survives as it is: NUL, invalid UTF-8, astral characters, long', () => {
    for (const value of ['a\0b', 'x\udcff\udc80y', '😀é', 'é'.repeat(100_000), '\ufffd']) {
      using engine = engineWith([cells({ t: value })]).engine;
      assert.deepEqual(engine.query('select t from cells').rows, [[value]]);
    }
  });

  test('doubles, booleans and blobs', () => {
    const row = { d: 0.1, i: true, x: Uint8Array.of(0, 255) };
    using engine = engineWith([cells(row)]).engine;
    assert.deepEqual(engine.query('select d, i, x from cells').rows, [[0.1, 1, Uint8Array.of(0, 255)]]);
  });

  test('columns carry their declared types', () => {
    using engine = engineWith([cells({})]).engine;
    using statement = engine.prepare('select u, d, u + 1 from cells').statement!;
    assert.deepEqual(statement.columns, [
      { name: 'u', declaredType: 'UNSIGNED BIGINT' },
      { name: 'd', declaredType: 'DOUBLE' },
      { name: 'u + 1', declaredType: null },
    ]);
  });

  test("hidden columns and other platforms' columns are left out of *", () => {
    using engine = engineWith([files()]).engine;
    const { columns } = engine.query("select * from files where path = '/a'");
    assert.deepEqual(
      columns.map(({ name }) => name),
      ['path', 'folder', 'size'],
    );
    assert.deepEqual(engine.query("select secret, elsewhere from files where path = '/a'").rows, [['s', '']]);
    assert.equal(
      engine.ddl('files'),
      'CREATE TABLE files(`path` TEXT, `folder` TEXT, `size` BIGINT, `secret` TEXT HIDDEN, `elsewhere` TEXT HIDDEN, `full_path` TEXT HIDDEN)',
    );
  });
});

describe('errors', () => {
  test('are SQLite’s own, with code and place', () => {
    using engine = engineWith([count(1)]).engine;
    const cases: [string, number, string][] = [
      ['select * from nope', 1, 'no such table: nope'],
      ['select nope from count', 1, 'no such column: nope'],
      ['select n from count where', 1, 'incomplete input'],
      ['selec 1', 1, 'near "selec": syntax error'],
      ['select abs()', 1, 'wrong number of arguments to function abs()'],
    ];
    for (const [sql, code, message] of cases) {
      const error = sqlError(() => engine.query(sql));
      assert.deepEqual([error.code, error.message], [code, message], sql);
    }
    assert.equal(sqlError(() => engine.query('select nope from count')).offset, 7);
    assert.deepEqual(engine.query('select n from count').rows, [[0]]);
  });

  test('a required column that is missing: a warning that names it, an error, no rows', () => {
    const { engine, warnings } = engineWith([files()]);
    const error = sqlError(() => engine.query("select * from files where path != '/a'"));
    assert.equal(error.code, 19);
    assert.equal(error.message, 'Table files was queried without a required column in the WHERE clause');
    assert.match(warnings[0]!.message, /constrain path or folder$/);
  });

  test('a table that fails in the middle fails the query under its name; the engine goes on', () => {
    const broken = table({
      name: 'broken',
      description: 'Fails at the third row',
      platforms,
      columns: { n: integer('n') },
      examples: [],
      *generate({ row }) {
        yield row({ n: 1 });
        yield row({ n: 2 });
        throw new TypeError('boom');
      },
    });
    using engine = engineWith([broken, count(2)]).engine;
    assert.equal(sqlError(() => engine.query('select * from broken')).message, 'broken: TypeError: boom');
    assert.deepEqual(engine.query('select count(*) from count').rows, [[2]]);
  });

  test('equal warnings of a statement are counted, not repeated', () => {
    const noisy = table({
      name: 'noisy',
      description: 'Warns for each row',
      platforms,
      columns: { n: integer('n') },
      examples: [],
      *generate({ row, warn }) {
        for (let n = 0; n < 5; n++) {
          warn('cannot read', new Error(`file ${n}`));
          yield row({ n });
        }
      },
    });
    const { engine, warnings } = engineWith([noisy]);
    engine.query('select * from noisy');
    assert.deepEqual(warnings, [{ table: 'noisy', message: 'cannot read', cause: 'file 0', count: 5 }]);
  });

  test('a table that needs the kernel warns and is empty where there is none', () => {
    const alive = table({
      name: 'alive',
      description: 'Asks the kernel',
      platforms,
      live: true,
      columns: { n: integer('n') },
      examples: [],
      *generate({ row, kernel }) {
        yield row({ n: kernel.pid });
      },
    });
    const { engine, warnings } = engineWith([alive]);
    assert.deepEqual(engine.query('select * from alive').rows, []);
    assert.match(warnings[0]!.message, /kernel/);
  });
});

describe('limits', () => {
  const endless = 'with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c';

  test('a deadline stops SQLite’s loop and a table’s, and the engine goes on', () => {
    const silent = table({
      name: 'silent',
      description: 'Looks for ever and finds nothing',
      platforms,
      columns: { n: integer('n') },
      examples: [],
      *generate({ row, host }) {
        while (host.files.exists('/nothing')) {}
        yield row({ n: 0 });
      },
    });
    const host = { platform: 'linux', kernel: undefined, files: { exists: () => true } } as never;
    using engine = engineWith([silent, count(1e9)], { host }).engine;
    engine.limits.deadlineMs = 50;
    for (const sql of [endless, 'select count(*) from count', 'select * from silent']) {
      const before = process.threadCpuUsage();
      const error = sqlError(() => engine.query(sql));
      assert.equal(error.code, 9, sql);
      assert.match(error.message, /50 ms/);
      // Processor time: another program that runs beside does not change it.
      const { user, system } = process.threadCpuUsage(before);
      assert.ok(user + system < 2_000_000, `${sql} took ${user + system} µs`);
    }
    engine.limits.deadlineMs = undefined;
    assert.deepEqual(engine.query('select 1').rows, [[1]]);
  });

  test('another thread cancels through shared memory', async () => {
    const cancel = new Int32Array(new SharedArrayBuffer(4));
    using engine = engineWith([count(1e12)], { cancel }).engine;
    const { Worker } = await import('node:worker_threads');
    const code =
      'const { workerData } = require("node:worker_threads"); setTimeout(() => Atomics.store(workerData, 0, 1), 50)';
    const worker = new Worker(code, { eval: true, workerData: cancel });
    assert.equal(sqlError(() => engine.query('select count(*) from count')).message, 'interrupted');
    await worker.terminate();
    cancel[0] = 0;
    assert.deepEqual(engine.query('select 1').rows, [[1]]);
  });

  test('a row limit', () => {
    using engine = engineWith([count(100)]).engine;
    engine.limits.rows = 10;
    assert.match(sqlError(() => engine.query('select * from count')).message, /more than 10 rows/);
    assert.equal(engine.query('select * from count limit 10').rows.length, 10);
  });

  test('memory: a statement that wants too much fails, the next one runs', () => {
    using engine = engineWith([], { memoryLimit: 16 * 1024 * 1024 }).engine;
    const error = sqlError(() => engine.query('select length(zeroblob(100000000) || 1)'));
    assert.equal(error.code, 7);
    assert.deepEqual(engine.query('select 1').rows, [[1]]);
  });
});

describe('writes', () => {
  test('nothing changes a system table, a file or the engine', () => {
    using engine = engineWith([count(2)]).engine;
    const refused: [string, RegExp][] = [
      ['insert into count values (1)', /table count may not be modified/],
      ['update count set n = 1', /may not be modified/],
      ['delete from count', /may not be modified/],
      ["attach '/tmp/x' as x", /not authorized/],
      ["vacuum into '/tmp/x'", /authoriz/],
      ['pragma journal_mode = delete', /not authorized/],
      ['pragma user_version = 3', /not authorized/],
      ['create virtual table f using fts5(a)', /not authorized/],
      ["select load_extension('x')", /no such function|not authorized/],
      ["select readfile('/etc/passwd')", /no such function/],
      ["select writefile('/tmp/x', 'a')", /no such function/],
      ['drop table count', /./],
      ['create table t(n); alter table t rename to count', /not authorized/],
    ];
    for (const [sql, message] of refused) assert.match(sqlError(() => engine.query(sql)).message, message, sql);
    assert.deepEqual(engine.query('select count(*) from count').rows, [[2]]);
  });

  test('nothing takes the name of a system table', () => {
    using engine = engineWith([{ ...count(2), aliases: ['counter'] }]).engine;
    for (const sql of [
      'create table count(n)',
      'create table if not exists "COUNT"(n)',
      'create temp table count as select 1 as n',
      'create view main.count as select 1 as n',
      'create temp view counter as select 1 as n',
    ]) {
      assert.match(sqlError(() => engine.query(sql)).message, /not authorized: count/i, sql);
    }
    assert.deepEqual(engine.query('with count as (select 9 as n) select n from count').rows, [[9]]);
    assert.deepEqual(engine.query('select count(*) from count').rows, [[2]]);
  });

  test('tables and views of one’s own work', () => {
    using engine = engineWith([count(3)]).engine;
    const { rows } = engine.query(
      'create temp table t as select n from count; insert into t values (9); create temp view v as select max(n) as m from t; select m from v',
    );
    assert.deepEqual(rows, [[9]]);
  });

  test('a view over a table that nothing else names', () => {
    using engine = engineWith([count(3)]).engine;
    engine.query('create view v as select n from count');
    assert.deepEqual(engine.query('select count(*) from v').rows, [[3]]);
  });
});

test('a text in double quotes that names no column is a text', () => {
  using engine = engineWith([count(1)]).engine;
  assert.deepEqual(engine.query('select "abc", "n" from count').rows, [['abc', 0]]);
});

test('statements are prepared one after the other', () => {
  using engine = engineWith([]).engine;
  assert.deepEqual(engine.query('create table a(x); insert into a values (1); select x from a; -- end').rows, [[1]]);
  const { statement, tail } = engine.prepare('  /* nothing */ ');
  assert.equal(statement, undefined);
  assert.equal(tail, '');
});
