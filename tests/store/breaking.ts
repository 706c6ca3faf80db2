/** A database whose disk breaks when a test wants it to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { storeFiles } from '../../src/host/linux/store-files.ts';
import type { Connection } from '../../src/store/database.ts';
import { openStore } from '../../src/store/sqlite-store.ts';

let schema: readonly string[] | undefined;

/** The database of an empty store, in memory. */
export function empty(): DatabaseSync {
  schema ??= schemaOf();
  const database = new DatabaseSync(':memory:');
  for (const sql of schema) database.exec(sql);
  return database;
}

function schemaOf(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-schema-'));
  try {
    openStore(folder, storeFiles, () => {})[Symbol.dispose]();
    const file = new DatabaseSync(join(folder, 'store.sqlite'), { readOnly: true });
    const rows = file.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').all() as { sql: string }[];
    file.close();
    return rows.map(({ sql }) => sql).filter((sql) => !sql.includes('sqlite_sequence'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** SQLite whose statements, counted from 1, fail where `fails` says with which code. */
export function breaking(database: DatabaseSync, fails: (statement: number, sql: string) => number | undefined) {
  const count = { used: 0 };
  const use = <T>(sql: string, what: () => T): T => {
    const errcode = fails(++count.used, sql);
    if (errcode !== undefined) throw Object.assign(new Error(`disk error ${errcode}`), { errcode });
    return what();
  };
  const connection: Connection = {
    get isOpen() {
      return database.isOpen;
    },
    get isTransaction() {
      return database.isTransaction;
    },
    close: () => database.close(),
    exec: (sql) => (sql === 'ROLLBACK' ? database.exec(sql) : use(sql, () => database.exec(sql))),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        get: (...values: never[]) => use(sql, () => statement.get(...values)),
        all: (...values: never[]) => use(sql, () => statement.all(...values)),
        run: (...values: never[]) => use(sql, () => statement.run(...values)),
        iterate: (...values: never[]) => use(sql, () => statement.iterate(...values)),
      } as unknown as StatementSync;
    },
  };
  return { connection, count };
}
