import { ifReadable } from '../base/errors.ts';
import type { FileStat, Files } from '../host/host.ts';
import type { Column, Columns } from './columns.ts';
import { bigint, integer, text } from './columns.ts';
import type { ReadEvent } from './event-source.ts';
import type { Cells, Table } from './table.ts';

/** `time` and `eid`, which belong to the store; a table of events has them among its columns. */
export const storeColumns = {
  time: (options: { readonly hidden?: true } = {}) =>
    bigint('When the event was heard, Unix seconds', { additional: true, ...options }),
  eid: () => text('Number of the event in its table, ten digits; it only grows', { hidden: true, ordinal: true }),
  /** `eid` of a table that has it as a number. */
  number: () => integer('Number of the event in its table; it only grows', { hidden: true, ordinal: true }),
};

/** Beyond osquery's columns, in all tables of events. */
const occurred = bigint('When it happened, nanoseconds since the epoch; `time` is when it was heard', { hidden: true });

/** Columns that are not kept, but made of a kept list of texts when a query reads them. */
export interface MadeColumns {
  readonly [column: string]: { readonly of: string; readonly make: (kept: readonly string[]) => string };
}

/** What is kept of a row. */
type KeptRow<C extends Columns, M extends MadeColumns> = Omit<Cells<C>, 'time' | 'eid' | keyof M> & {
  readonly [name in M[keyof M]['of']]: readonly string[];
};

/** A table of events: what it is fed by, and what rows an event makes. */
export interface EventTable<C extends Columns = Columns, E = never, M extends MadeColumns = MadeColumns>
  extends Table<C> {
  /** The publisher whose events feed it. */
  readonly publisher: string;
  readonly made?: M;
  /** The rows of an event, made when it is heard; `time` and `eid` are the store's. What `moment` lacks costs no row. */
  rows(event: E, moment: Moment): Iterable<KeptRow<C, M>>;
}

/** The machine when an event is heard. */
export interface Moment {
  readonly files: Files;
  /** What a file is, links followed; asked once for the events that came together. Undefined where it cannot be read. */
  stat(path: string): FileStat | undefined;
  /** Seconds since the boot. */
  readonly uptime: number;
}

/** Asks for each file once; so one is made anew for the events that come together. */
export function momentOf(files: Files, uptime: number): Moment {
  const known = new Map<string, FileStat | undefined>();
  return {
    files,
    uptime,
    stat(path) {
      if (!known.has(path))
        known.set(
          path,
          ifReadable(() => files.stat(path)),
        );
      return known.get(path);
    },
  };
}

type Declaration<C extends Columns, E, M extends MadeColumns> = Omit<EventTable<C, E, M>, 'generate'> & {
  readonly name: `${string}_events`;
};

/** Digits of an `eid`, as in osquery. */
const EID_DIGITS = 10;

/** Declares a table of events. Reading it is the same for all: the rows that were kept, in their order. */
export function eventTable<const C extends Columns, E, const M extends MadeColumns = Record<never, never>>(
  declaration: Declaration<C, E, M>,
): EventTable<C, E, M> {
  return {
    ...declaration,
    columns: { ...declaration.columns, occurred },
    *generate({ events, bounds, row, uses, warn }) {
      if (events === undefined) return warn('nothing hears events here');
      const eid = declaration.columns['eid'] === undefined ? {} : bounds('eid' as never);
      const range = { time: bounds('time' as never), eid };
      const used = Object.entries(declaration.columns).filter(([name]) => uses(name as never));
      const wanted = new KeptCells(used, declaration.made ?? {});
      const eidType = uses('eid' as never) ? declaration.columns['eid']?.type : undefined;
      const usesOccurred = uses('occurred' as never);
      for (const event of events.read(declaration.name, range)) {
        const cells = wanted.of(event);
        cells['time'] = event.time;
        if (usesOccurred) cells['occurred'] = event.occurred;
        if (eidType !== undefined) cells['eid'] = eidType === 'INTEGER' ? event.eid : eidText(event.eid);
        yield row(cells as never);
      }
    },
  };
}

/** The cells of a row as they are kept: an array of JSON in the order of `layout`. */
export function encodeCells(layout: readonly string[], cells: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(layout.map((name) => encoded(cells[name])));
}

const OF_STORE: ReadonlySet<string> = new Set(['time', 'eid', 'occurred']);

/** Names of what is kept: columns, and what others are made of. */
export function layoutOf({ columns, made = {} }: { readonly columns: Columns; readonly made?: MadeColumns }): string[] {
  const kept = Object.keys(columns).filter((name) => !OF_STORE.has(name) && made[name] === undefined);
  return [...kept, ...new Set(Object.values(made).map(({ of }) => of))];
}

/** A cell that JSON has no word for: integers beyond 2^53 become texts of digits, bytes their base64. */
function encoded(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value ?? null;
}

/** Cells that a query reads, by the names they were kept under; of a column that is newer than the event there is none. */
class KeptCells {
  readonly #columns: readonly (readonly [name: string, column: Column])[];
  readonly #made: MadeColumns;
  #layout: readonly string[] | undefined;
  /** Of the layout: where the cells are. */
  #places: readonly { readonly at: number; readonly name: string; readonly decode: (value: unknown) => unknown }[] = [];

  constructor(columns: readonly (readonly [name: string, column: Column])[], made: MadeColumns) {
    this.#columns = columns;
    this.#made = made;
  }

  of({ layout, cells }: ReadEvent): Record<string, unknown> {
    if (layout !== this.#layout) {
      this.#layout = layout;
      this.#places = this.#columns.map((column) => this.#place(layout, column)).filter(({ at }) => at >= 0);
    }
    const found: Record<string, unknown> = {};
    // A query that only counts reads none: to parse them all would cost it more than to find them.
    if (this.#places.length === 0) return found;
    const values = JSON.parse(cells) as unknown[];
    for (const { at, name, decode } of this.#places) found[name] = decode(values[at]);
    return found;
  }

  #place(layout: readonly string[], [name, { type }]: readonly [string, Column]) {
    const made = this.#made[name];
    const from = made === undefined ? -1 : layout.indexOf(made.of);
    if (from >= 0) return { at: from, name, decode: (value: unknown) => made!.make(value as string[]) };
    return { at: layout.indexOf(name), name, decode: (value: unknown) => decoded(type, value) };
  }
}

function decoded(type: string, value: unknown): unknown {
  if (typeof value !== 'string' || type === 'TEXT') return value;
  return type === 'BLOB' ? Buffer.from(value, 'base64') : BigInt(value);
}

function eidText(eid: number): string {
  return String(eid).padStart(EID_DIGITS, '0');
}
