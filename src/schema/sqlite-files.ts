/** A value of an SQLite file; integers beyond 2^53 are bigints. */
export type SqliteCell = string | number | bigint | Uint8Array | null;

/** Reads SQLite files of the machine. They are never written, locked, or waited for; a log beside one is read with it. */
export interface SqliteReader {
  /**
   * The rows of a SELECT over the file, one by one. With `texts` every value but NULL is the text that SQLite makes of it.
   * Throws `HostError`, and `MalformedInput` for what is no database or does not answer the query.
   */
  rows(path: string, sql: string, options?: { readonly texts?: boolean }): Iterable<readonly SqliteCell[]>;
}
