import { DatabaseSync } from 'node:sqlite';

/**
 * Takes the log of a database that nobody has open into the database, and removes it and its index. SQLite does so when the
 * last one closes it, if that one may remove files.
 */
export function removeLog(path: string): void {
  try {
    const database = new DatabaseSync(path);
    try {
      // The log is opened with the first read.
      database.prepare('SELECT count(*) FROM sqlite_schema').get();
    } finally {
      database.close();
    }
  } catch {
    // A damaged one is dealt with when it is opened next.
  }
}
