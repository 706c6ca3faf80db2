import type { DatabaseSync } from 'node:sqlite';
import { UserError } from '../base/errors.ts';

/** "osqt": tells our files from other SQLite databases. */
export const APPLICATION_ID = 0x6f737174;

/** The steps that lead from an empty file to the present shape, one a version; a released one never changes. */
const STEPS: readonly string[] = [
  `CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
   CREATE TABLE logs (id INTEGER PRIMARY KEY AUTOINCREMENT, logger TEXT NOT NULL, line TEXT NOT NULL) STRICT;
   CREATE INDEX logs_by_logger ON logs (logger, id);
   CREATE TABLE queries (
     id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, sql TEXT NOT NULL,
     epoch TEXT NOT NULL, counter TEXT NOT NULL, last_run INTEGER NOT NULL) STRICT;
   CREATE TABLE results (
     query INTEGER NOT NULL, digest TEXT NOT NULL, copies INTEGER NOT NULL, row TEXT NOT NULL,
     PRIMARY KEY (query, digest)) WITHOUT ROWID, STRICT;`,
  `CREATE TABLE cursors (
     query TEXT NOT NULL, sql TEXT NOT NULL, events TEXT NOT NULL, identity TEXT NOT NULL, eid INTEGER NOT NULL,
     PRIMARY KEY (query, events)) WITHOUT ROWID, STRICT;`,
];

export const VERSION = STEPS.length;

/** Brings a database to the present version. Throws `UserError` for one of a newer version, or of another program. */
export function migrate(database: DatabaseSync, path: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const { application_id: id } = database.prepare('PRAGMA application_id').get() as { application_id: number };
  const empty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!empty && id !== APPLICATION_ID) throw new UserError(`${path}: a database of another program`);
  if (version > VERSION) {
    throw new UserError(
      `${path}: made by a newer version (${version}; this one knows ${VERSION}): use that one, or another --database_path`,
    );
  }
  if (version === VERSION) return;
  database.exec('BEGIN');
  try {
    for (const step of STEPS.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${VERSION}; PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec('COMMIT');
  } catch (cause) {
    // SQLite has rolled back by itself where the disk takes nothing.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}
