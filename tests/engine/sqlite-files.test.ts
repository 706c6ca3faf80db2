import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { customTableSource } from '../../src/config/custom-table-source.ts';
import { SqliteFiles } from '../../src/engine/sqlite-files/sqlite-files.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { sqliteModule } from '../../src/host/linux/sqlite-module.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { random } from './support.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-sqlite-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const reader = (check: () => void = () => {}) => new SqliteFiles(sqliteModule(), new LinuxHost().files, check);
const all = (path: string, sql: string, options = {}) => [...reader().rows(path, sql, options)];

/** A database with rows enough for some pages. */
function database(name: string, { journal = 'DELETE', pageSize = 4096, rows = 500 } = {}): DatabaseSync {
  const made = new DatabaseSync(at(name));
  made.exec(`PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = ${journal}; PRAGMA wal_autocheckpoint = 0`);
  made.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, size INTEGER, share REAL, data BLOB)');
  const insert = made.prepare('INSERT INTO t VALUES (?, ?, ?, ?, ?)');
  made.exec('BEGIN');
  for (let i = 0; i < rows; i++) insert.run(i, `name ${i} ü`, 2n ** 62n + BigInt(i), i / 3, Buffer.from([i & 255, 0]));
  made.exec('COMMIT');
  return made;
}

/** What SQLite itself says. */
function truth(open: DatabaseSync, sql: string): unknown[][] {
  const statement = open.prepare(sql);
  statement.setReadBigInts(true);
  const plain = (value: unknown) =>
    typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return statement.all().map((row) => Object.values(row).map(plain));
}

const QUERY = 'SELECT * FROM t ORDER BY name';

for (const pageSize of [512, 1024, 4096, 65_536]) {
  for (const journal of ['DELETE', 'WAL']) {
    test(`pages of ${pageSize} bytes, ${journal}, while it is open and written`, () => {
      using open = database('x.db', { journal, pageSize });
      open.exec("UPDATE t SET name = 'new ' || id WHERE id % 7 = 0; DELETE FROM t WHERE id % 11 = 0");
      const before = readdirSync(folder).map((name) => [name, readFileSync(at(name)).length]);
      const rows = all(at('x.db'), QUERY);
      assert.equal(rows.length, 454);
      assert.deepEqual(
        rows.map((row) => row.map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : cell))),
        truth(open, QUERY).map((row) =>
          row.map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : cell)),
        ),
      );
      // Nothing was made beside it, nothing changed.
      assert.deepEqual(
        readdirSync(folder).map((name) => [name, readFileSync(at(name)).length]),
        before,
      );
    });
  }
}

test('what is not committed is not seen, in the log either', () => {
  using open = database('x.db', { journal: 'WAL' });
  open.exec("PRAGMA cache_size = 1; BEGIN; UPDATE t SET name = 'not yet'");
  assert.deepEqual(all(at('x.db'), "SELECT count(*) FROM t WHERE name = 'not yet'"), [[0]]);
  open.exec('COMMIT');
  assert.deepEqual(all(at('x.db'), "SELECT count(*) FROM t WHERE name = 'not yet'"), [[500]]);
  open.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  assert.deepEqual(all(at('x.db'), "SELECT count(*) FROM t WHERE name = 'not yet'"), [[500]]);
});

test('one that somebody has locked is read', () => {
  using open = database('x.db');
  open.exec('BEGIN EXCLUSIVE');
  assert.deepEqual(all(at('x.db'), 'SELECT count(*) FROM t'), [[500]]);
  open.exec('COMMIT');
  open.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
  assert.deepEqual(all(at('x.db'), 'SELECT count(*) FROM t'), [[500]]);
});

test('a transaction that was cut off is taken back with its journal', () => {
  database('x.db', { pageSize: 1024 }).close();
  // Killed in the middle of a transaction that has been written to the file already.
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const db = new DatabaseSync(process.argv[1]);
    db.exec("PRAGMA cache_size = 1; BEGIN; UPDATE t SET name = 'half', data = zeroblob(300); DELETE FROM t WHERE id > 400");
    process.kill(process.pid, 'SIGKILL');`;
  assert.equal(spawnSync(process.execPath, ['-e', script, at('x.db')]).signal, 'SIGKILL');
  assert.ok(readFileSync(at('x.db-journal')).length > 0);
  assert.deepEqual(all(at('x.db'), "SELECT count(*), sum(name = 'half'), sum(id) FROM t"), [[500, 0, 124_750]]);
  // SQLite, which may write, comes to the same.
  cpSync(folder, `${folder}-copy`, { recursive: true });
  using copy = new DatabaseSync(`${folder}-copy/x.db`);
  assert.deepEqual(truth(copy, "SELECT count(*), sum(name = 'half'), sum(id) FROM t"), [[500, 0, 124_750]]);
  rmSync(`${folder}-copy`, { recursive: true });
});

describe('what is no good database', () => {
  const fails = (name: string, reason: RegExp, sql = 'SELECT * FROM t') => {
    assert.throws(() => all(at(name), sql), { name: 'MalformedInput', message: reason });
  };

  test('is said with its path', () => {
    writeFileSync(at('text'), 'not a database, but long enough to be looked at as one'.repeat(100));
    fails('text', /\/text: byte 0: file is not a database/);
    writeFileSync(at('empty'), '');
    fails('empty', /no such table: t/);
    database('x.db').close();
    fails('x.db', /SQL: no such column: nope/, 'SELECT nope FROM t');
    truncateSync(at('x.db'), 5000);
    fails('x.db', /database disk image is malformed/);
    assert.throws(() => all(at('absent'), 'SELECT 1'), { name: 'HostError', code: 'ENOENT' });
    assert.throws(() => all(folder, 'SELECT 1'), { name: 'HostError' });
  });

  test('may not be written, opened elsewhere, or asked for more than rows', () => {
    database('x.db').close();
    for (const sql of [
      'DELETE FROM t',
      "ATTACH '/etc/passwd' AS x",
      'PRAGMA journal_mode = WAL',
      'CREATE TEMP TABLE y(z)',
    ]) {
      fails('x.db', /SQL: (not authorized|attempt to write)/, sql);
    }
  });

  test('harms nobody, wherever it is damaged', () => {
    database('x.db', { journal: 'WAL' }).close();
    using open = database('w.db', { journal: 'WAL' });
    open.exec("UPDATE t SET name = 'new'");
    const next = random(7);
    const files = new LinuxHost().files;
    const shared = new SqliteFiles(sqliteModule(), files, () => {});
    for (let i = 0; i < 300; i++) {
      const name = i % 2 === 0 ? 'w.db-wal' : 'w.db';
      const bytes = readFileSync(at(name));
      for (let j = 0; j < 20; j++) bytes[Math.floor(next() * (i % 3 === 0 ? 200 : bytes.length))] = next() * 256;
      for (const part of ['w.db', 'w.db-wal'])
        writeFileSync(at(`bad-${part}`), part === name ? bytes : readFileSync(at(part)));
      try {
        for (const row of shared.rows(at('bad-w.db'), 'SELECT * FROM t')) assert.equal(row.length, 5);
      } catch (cause) {
        assert.ok(
          (cause as Error).name === 'MalformedInput' || (cause as Error).name === 'AssertionError',
          String(cause),
        );
      }
    }
    // The same instance still reads what is good.
    assert.equal([...shared.rows(at('x.db'), 'SELECT * FROM t')].length, 500);
  });
});

test('rows come one by one, and a query that has to stop stops', () => {
  database('x.db').close();
  const rows = reader().rows(at('x.db'), 'SELECT id FROM t')[Symbol.iterator]();
  assert.deepEqual(rows.next().value, [0]);
  rows.return?.(undefined);
  let left = 3;
  const check = () => {
    if (--left < 0) throw new Error('stop');
  };
  const endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c';
  assert.throws(() => [...reader(check).rows(at('x.db'), endless)], /^Error: stop$/);
});

test('as texts: what SQLite makes of each value', () => {
  database('x.db', { rows: 2 }).close();
  assert.deepEqual(all(at('x.db'), 'SELECT id, size, share, NULL FROM t', { texts: true }), [
    ['0', '4611686018427387904', '0.0', null],
    ['1', '4611686018427387905', '0.333333333333333', null],
  ]);
});

test('a table of a configuration: all files of its pattern, a bad one is a warning', () => {
  for (const name of ['a', 'b']) database(`${name}.db`, { rows: 2 }).close();
  writeFileSync(at('bad.db'), 'x'.repeat(5000));
  const columns = ['id', 'name'];
  const source = customTableSource({ name: 'notes', query: 'SELECT id, name FROM t', path: `${folder}/%.db`, columns });
  const { rows, warnings } = runTable(source.load(), new LinuxHost());
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    ['a', 'b'].flatMap((name) => [
      ['0', 'name 0 ü', at(`${name}.db`)],
      ['1', 'name 1 ü', at(`${name}.db`)],
    ]),
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /bad\.db: byte 0: file is not a database/);
  // A relative path begins where the program was started.
  const path = relative(process.cwd(), `${folder}/%.db`);
  const again = customTableSource({ name: 'notes', query: 'SELECT id, name FROM t', path, columns });
  assert.deepEqual(
    runTable(again.load(), new LinuxHost()).rows.map(({ path }) => realpathSync(path as string)),
    rows.map(({ path }) => path),
  );
});
