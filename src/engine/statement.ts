import type { Engine } from './engine.ts';
import { SqlError } from './errors.ts';
import type { SqlValue } from './functions/function.ts';
import {
  SQLITE_BLOB,
  SQLITE_DONE,
  SQLITE_FLOAT,
  SQLITE_INTEGER,
  SQLITE_NULL,
  SQLITE_ROW,
  SQLITE_TEXT,
  SQLITE_TOOBIG,
} from './sqlite/constants.ts';
import type { Library } from './sqlite/library.ts';
import { type MakeCell, NO_ROOM, RowFetch } from './sqlite/row-fetch.ts';

export interface ResultColumn {
  readonly name: string;
  /** The type the column was declared with; null for an expression. */
  readonly declaredType: string | null;
}

export type ValueType = 'NULL' | 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB';

/** By SQLite's number of a type. */
export const VALUE_TYPES: Readonly<Record<number, ValueType>> = {
  [SQLITE_INTEGER]: 'INTEGER',
  [SQLITE_FLOAT]: 'REAL',
  [SQLITE_TEXT]: 'TEXT',
  [SQLITE_BLOB]: 'BLOB',
  [SQLITE_NULL]: 'NULL',
};

/** So many rows are read cell by cell. */
const FEW_ROWS = 16;

/** One prepared statement. Dispose of it, or its engine keeps it. */
export class Statement implements Disposable {
  readonly columns: readonly ResultColumn[];
  readonly #engine: Engine;
  readonly #library: Library;
  #pointer: number;
  #rows = 0;
  #running = false;

  constructor(engine: Engine, library: Library, pointer: number) {
    this.#engine = engine;
    this.#library = library;
    this.#pointer = pointer;
    const { api, heap } = library;
    const count = api.sqlite3_column_count(pointer);
    this.columns = Array.from({ length: count }, (_, i) => {
      const type = api.sqlite3_column_decltype(pointer, i);
      return {
        name: heap.cString(api.sqlite3_column_name(pointer, i)),
        declaredType: type === 0 ? null : heap.cString(type),
      };
    });
  }

  /** Whether the statement changes nothing. */
  get readOnly(): boolean {
    return this.#library.api.sqlite3_stmt_readonly(this.#pointer) !== 0;
  }

  /** Goes to the next row; false after the last. Throws `SqlError`. */
  step(): boolean {
    if (!this.#running) {
      this.#running = true;
      this.#engine.begin();
    }
    const code = this.#guarded(() => this.#library.api.sqlite3_step(this.#pointer));
    if (code === SQLITE_ROW) {
      this.#countRow();
      return true;
    }
    if (code === SQLITE_DONE) {
      this.#stop(undefined);
      return false;
    }
    throw this.#stop(this.#engine.error(code));
  }

  /**
   * The rows that are left, as `step` goes through them, but many at a time. Throws `SqlError`.
   */
  *rows<T>(make: MakeCell<T>): Generator<T[]> {
    // Most answers are short, and are there sooner without what fetches long ones.
    for (let i = 0; i < FEW_ROWS; i++) {
      if (!this.step()) return;
      yield this.#cells(make);
    }
    using fetch = new RowFetch(this.#library, this.#pointer, this.columns.length);
    for (;;) {
      const { rows: limit = Number.POSITIVE_INFINITY } = this.#engine.limits;
      const code = this.#guarded(() => fetch.fill(limit - this.#rows + 1));
      const failed = code !== SQLITE_ROW && code !== SQLITE_DONE && code !== NO_ROOM;
      // Now: what is done with the rows meanwhile may have errors of its own.
      const error = failed ? this.#engine.error(code) : undefined;
      for (let left = fetch.rows; left > 0; left--) {
        this.#countRow();
        yield fetch.read(make);
      }
      if (code === NO_ROOM && fetch.rows === 0) {
        this.#countRow();
        yield this.#cells(make);
      }
      if (error !== undefined) throw this.#stop(error);
      if (code === SQLITE_DONE) {
        this.#stop(undefined);
        return;
      }
    }
  }

  /** A call that may overflow the stack. */
  #guarded(call: () => number): number {
    try {
      return call();
    } catch (cause) {
      const error = this.#engine.overflow(cause);
      throw error instanceof SqlError ? this.#stop(error) : error;
    }
  }

  #cells<T>(make: MakeCell<T>): T[] {
    const cells = new Array<T>(this.columns.length);
    for (let i = 0; i < cells.length; i++) {
      // Before its text is asked for, which may make it one.
      const type = this.#library.api.sqlite3_column_type(this.#pointer, i);
      cells[i] = make(this.text(i), type, false);
    }
    return cells;
  }

  #countRow(): void {
    this.#rows += 1;
    const { rows } = this.#engine.limits;
    if (rows !== undefined && this.#rows > rows) {
      throw this.#stop(new SqlError(`the query returned more than ${rows} rows`, SQLITE_TOOBIG));
    }
  }

  #stop(error: SqlError | undefined): SqlError {
    this.#running = false;
    this.#library.api.sqlite3_reset(this.#pointer);
    this.#engine.end();
    return error as SqlError;
  }

  typeOf(column: number): ValueType {
    return VALUE_TYPES[this.#library.api.sqlite3_column_type(this.#pointer, column)]!;
  }

  /** The cell as JavaScript; an INTEGER beyond 2^53 is a bigint, a REAL is a number. */
  value(column: number): SqlValue {
    const { api, heap } = this.#library;
    switch (api.sqlite3_column_type(this.#pointer, column)) {
      case SQLITE_INTEGER: {
        const number = api.sqlite3_column_double(this.#pointer, column);
        if (Number.isSafeInteger(number)) return number;
        return api.sqlite3_column_int64(this.#pointer, column) as unknown as bigint;
      }
      case SQLITE_FLOAT:
        return api.sqlite3_column_double(this.#pointer, column);
      case SQLITE_TEXT: {
        const at = api.sqlite3_column_text(this.#pointer, column);
        return heap.text(at, api.sqlite3_column_bytes(this.#pointer, column));
      }
      case SQLITE_BLOB: {
        const at = api.sqlite3_column_blob(this.#pointer, column);
        return heap.copy(at, api.sqlite3_column_bytes(this.#pointer, column));
      }
      default:
        return null;
    }
  }

  /** The cell as SQLite renders it in text; null for NULL. A blob's bytes are taken as text. */
  text(column: number): string | null {
    const { api, heap } = this.#library;
    switch (api.sqlite3_column_type(this.#pointer, column)) {
      case SQLITE_NULL:
        return null;
      case SQLITE_INTEGER: {
        // A third of the time of letting SQLite print it into its own memory.
        const number = api.sqlite3_column_double(this.#pointer, column);
        if (Number.isSafeInteger(number)) return String(number);
        return String(api.sqlite3_column_int64(this.#pointer, column));
      }
      default: {
        const at = api.sqlite3_column_text(this.#pointer, column);
        return heap.text(at, api.sqlite3_column_bytes(this.#pointer, column));
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.#pointer === 0) return;
    this.#library.api.sqlite3_finalize(this.#pointer);
    this.#pointer = 0;
    if (this.#running) {
      this.#running = false;
      this.#engine.end();
    }
  }
}
