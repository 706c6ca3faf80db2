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

export interface ResultColumn {
  readonly name: string;
  /** The type the column was declared with; null for an expression. */
  readonly declaredType: string | null;
}

export type ValueType = 'NULL' | 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB';

const VALUE_TYPES: Readonly<Record<number, ValueType>> = {
  [SQLITE_INTEGER]: 'INTEGER',
  [SQLITE_FLOAT]: 'REAL',
  [SQLITE_TEXT]: 'TEXT',
  [SQLITE_BLOB]: 'BLOB',
  [SQLITE_NULL]: 'NULL',
};

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
    const code = this.#library.api.sqlite3_step(this.#pointer);
    if (code === SQLITE_ROW) {
      this.#rows += 1;
      const { rows } = this.#engine.limits;
      if (rows !== undefined && this.#rows > rows) {
        throw this.#stop(new SqlError(`the query returned more than ${rows} rows`, SQLITE_TOOBIG));
      }
      return true;
    }
    if (code === SQLITE_DONE) {
      this.#stop(undefined);
      return false;
    }
    throw this.#stop(this.#engine.error(code));
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
