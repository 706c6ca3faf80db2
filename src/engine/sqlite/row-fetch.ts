import { monotonicNow } from '../../base/clock.ts';
import { decodeText } from '../../base/text.ts';
import { SqlError } from '../errors.ts';
import { SQLITE_NOMEM, SQLITE_NULL, SQLITE_OK, SQLITE_ROW } from './constants.ts';
import type { Library } from './library.ts';
import { BYTES } from './row-fetch-module.ts';

/** Rows of one call: more gain nothing, and those who wait for a row wait for all of them. */
const MOST_ROWS = 64;
/** Of their text; a row that is longer is read cell by cell. */
const CAPACITY = 32 * 1024;
const CELL_BYTES = 4;
/** A call that takes longer than this fetches fewer rows the next time, so that slow rows are seen as they come. */
const LONG_MS = 4;

/** A row had no room. */
export const NO_ROOM = -1;

/** `row-fetch.wat`. */
interface Fetch {
  fetch(
    statement: number,
    columns: number,
    stepped: number,
    most: number,
    cells: number,
    buffer: number,
    capacity: number,
  ): number;
  readonly rows: { readonly value: number };
  readonly used: { readonly value: number };
  readonly special: { readonly value: number };
}

const modules = new WeakMap<Library, Fetch>();
let compiled: WebAssembly.Module | undefined;

/** Made when a statement first has many rows: it costs 0.3 ms. */
function fetchOf(library: Library): Fetch {
  let made = modules.get(library);
  if (made === undefined) {
    compiled ??= new WebAssembly.Module(Buffer.from(BYTES, 'base64'));
    const sqlite = { ...library.api, memory: library.heap.memory } as unknown as WebAssembly.Imports[string];
    made = new WebAssembly.Instance(compiled, { sqlite }).exports as unknown as Fetch;
    modules.set(library, made);
  }
  return made;
}

/**
 * Makes what a row has of a cell: SQLite's own text of it, null for NULL, and its type (`SQLITE_INTEGER`, …). `plain`: it is
 * known to be ASCII without NUL.
 */
export type MakeCell<T> = (text: string | null, type: number, plain: boolean) => T;

/** Fetches the rows of a statement, many at a time. Dispose of it: it holds memory of SQLite's. */
export class RowFetch implements Disposable {
  readonly #library: Library;
  readonly #module: Fetch;
  readonly #statement: number;
  readonly #columns: number;
  readonly #cells: number;
  readonly #buffer: number;
  #most = MOST_ROWS / 4;
  /** The statement stands on a row that had no room. */
  #standing = false;
  #rows = 0;
  /** Where the next cell is; its text is in `#text`, or from there on in the buffer where that has more than ASCII. */
  #cell = 0;
  #at = 0;
  #text: string | undefined;

  /** Throws `SqlError` where SQLite has no memory left. */
  constructor(library: Library, statement: number, columns: number) {
    this.#library = library;
    this.#module = fetchOf(library);
    this.#statement = statement;
    this.#columns = columns;
    const cells = MOST_ROWS * columns * CELL_BYTES;
    this.#cells = library.api.malloc(cells + CAPACITY);
    if (this.#cells === 0) throw new SqlError('out of memory', SQLITE_NOMEM);
    this.#buffer = this.#cells + cells;
  }

  /**
   * Steps through at most `most` rows. SQLite's code of the last step; or `NO_ROOM`, and where no row came with it the
   * statement stands on one that is to be read cell by cell.
   */
  fill(most: number): number {
    const { fetch, rows, used, special } = this.#module;
    const start = monotonicNow();
    const limit = Math.min(most, this.#most);
    const stepped = this.#standing ? 1 : 0;
    const last = fetch(this.#statement, this.#columns, stepped, limit, this.#cells, this.#buffer, CAPACITY);
    // Where the row that it stood on was all that was wanted, no step was made: there may be more.
    const code = last === SQLITE_OK ? SQLITE_ROW : last;
    this.#most = monotonicNow() - start > LONG_MS ? Math.max(1, this.#most >> 2) : Math.min(MOST_ROWS, this.#most * 2);
    this.#rows = rows.value;
    this.#standing = code === NO_ROOM && this.#rows > 0;
    this.#cell = this.#cells >> 2;
    const { bytes } = this.#library.heap;
    this.#text = special.value === 0 ? bytes.latin1Slice(this.#buffer, this.#buffer + used.value) : undefined;
    this.#at = this.#text === undefined ? this.#buffer : 0;
    return code;
  }

  /** How many rows the last `fill` brought. */
  get rows(): number {
    return this.#rows;
  }

  /** The next of them. */
  read<T>(make: MakeCell<T>): T[] {
    const { heap } = this.#library;
    const cells = new Array<T>(this.#columns);
    for (let i = 0; i < cells.length; i++) {
      const cell = heap.i32[this.#cell++]!;
      const type = cell & 7;
      const at = this.#at;
      const end = at + (cell >> 3);
      this.#at = end;
      if (type === SQLITE_NULL) cells[i] = make(null, type, true);
      else if (this.#text !== undefined) cells[i] = make(this.#text.substring(at, end), type, true);
      else cells[i] = make(decodeText(heap.bytes, at, end), type, false);
    }
    return cells;
  }

  [Symbol.dispose](): void {
    this.#library.api.free(this.#cells);
  }
}
