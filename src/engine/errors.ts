import { UserError } from '../base/errors.ts';

/** SQLite refused the statement, or stopped it. The message is SQLite's own, with the table's name where a table failed. */
export class SqlError extends UserError {
  override readonly name = 'SqlError';
  /** SQLite's primary result code, https://sqlite.org/rescode.html. */
  readonly code: number;
  /** Byte offset of the culprit in the statement, where SQLite knows it. */
  readonly offset: number | undefined;

  constructor(message: string, code: number, offset?: number) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}

/** Thrown in a table's code when the query has to stop; becomes SQLITE_INTERRUPT. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
