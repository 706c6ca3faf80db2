import type { Column, Columns } from './columns.ts';
import type { ReadEvent } from './event-source.ts';

/** Makes rows of what is kept of events. */
export interface EventRows {
  /** Whether it knows how events were kept; asked before `rowOf` is asked for one of them. */
  knows(form: string): boolean;
  /** Throws `MalformedInput`. */
  rowOf(event: ReadEvent): object;
}

/** Columns of the store, in every table of events that names them; `occurred` all have. */
const OF_STORE: ReadonlySet<string> = new Set(['time', 'eid', 'occurred']);

/** Digits of an `eid` that is a text, as in osquery. */
const EID_DIGITS = 10;

/** Names of the columns that are kept: all but those of the store. */
export function keptColumns(columns: Columns): string[] {
  return Object.keys(columns).filter((name) => !OF_STORE.has(name));
}

/** The cells of a row as they are kept: an array of JSON in the order of `layout`. */
export function encodeCells(layout: readonly string[], cells: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(layout.map((name) => encoded(cells[name])));
}

/** A cell that JSON has no word for: integers beyond 2^53 become texts of digits, bytes their base64. */
function encoded(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value ?? null;
}

function decoded(type: string, value: unknown): unknown {
  if (typeof value !== 'string' || type === 'TEXT') return value;
  return type === 'BLOB' ? Buffer.from(value, 'base64') : BigInt(value);
}

/** Rows of cells that were kept: those that the query uses, by the names they were kept under. */
export class CellRows implements EventRows {
  readonly #columns: readonly (readonly [name: string, column: Column])[];
  readonly #store: readonly string[];
  readonly #types: Columns;
  /** Of the form that was asked for: where the cells are. Of a column that is newer than the event there is none. */
  #places: readonly { readonly at: number; readonly name: string; readonly type: string }[] = [];

  constructor(columns: Columns, uses: (column: string) => boolean) {
    const used = Object.entries(columns).filter(([name]) => uses(name));
    this.#columns = used.filter(([name]) => !OF_STORE.has(name));
    this.#store = used.map(([name]) => name).filter((name) => OF_STORE.has(name));
    this.#types = columns;
  }

  knows(form: string): boolean {
    if (!form.startsWith('[')) return false;
    const layout = JSON.parse(form) as string[];
    const places = this.#columns.map(([name, { type }]) => ({ at: layout.indexOf(name), name, type }));
    this.#places = places.filter(({ at }) => at >= 0);
    return true;
  }

  rowOf(event: ReadEvent): object {
    const row: Record<string, unknown> = {};
    for (const name of this.#store) row[name] = ofStore(name, event, this.#types);
    // A query that only counts reads none: to parse them all would cost it more than to find them.
    if (this.#places.length === 0) return row;
    const { bytes } = event;
    const values = JSON.parse(bytes.utf8Slice(0, bytes.length)) as unknown[];
    for (const { at, name, type } of this.#places) row[name] = decoded(type, values[at]);
    return row;
  }
}

/** A row whose cells are made when they are asked for, by getters that each table adds. */
class RawRow {
  readonly #event: ReadEvent;
  readonly #kept: unknown;

  constructor(event: ReadEvent, kept: unknown) {
    this.#event = event;
    this.#kept = kept;
  }

  static event(row: RawRow): ReadEvent {
    return row.#event;
  }

  static kept(row: RawRow): unknown {
    return row.#kept;
  }
}

/** Makes a cell of what was read of an event. */
type CellMaker = (kept: never) => unknown;

/** Rows of events that were kept as they came. */
export class RawRows implements EventRows {
  readonly #form: string;
  readonly #read: (bytes: Buffer) => unknown;
  readonly #Row: typeof RawRow;

  constructor(
    { form, read }: { readonly form: string; read(bytes: Buffer): unknown },
    columns: Columns,
    cells: Readonly<Record<string, CellMaker>>,
  ) {
    this.#form = form;
    this.#read = read;
    this.#Row = class extends RawRow {};
    const define = (name: string, get: (this: RawRow) => unknown) => {
      Object.defineProperty(this.#Row.prototype, name, { get });
    };
    for (const name of OF_STORE) {
      define(name, function () {
        return ofStore(name, RawRow.event(this), columns);
      });
    }
    for (const [name, make] of Object.entries(cells)) {
      define(name, function () {
        return make(RawRow.kept(this) as never);
      });
    }
  }

  knows(form: string): boolean {
    return form === this.#form;
  }

  rowOf(event: ReadEvent): object {
    return new this.#Row(event, this.#read(event.bytes));
  }
}

function ofStore(name: string, event: ReadEvent, columns: Columns): unknown {
  if (name === 'time') return event.time;
  if (name === 'occurred') return event.occurred;
  return columns['eid']!.type === 'INTEGER' ? event.eid : String(event.eid).padStart(EID_DIGITS, '0');
}
