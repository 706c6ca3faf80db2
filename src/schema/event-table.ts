import { ifReadable } from '../base/errors.ts';
import type { FileStat, Files } from '../host/host.ts';
import { bigint, type Columns, integer, text } from './columns.ts';
import { CellRows, type EventRows, encodeCells, keptColumns, RawRows } from './event-rows.ts';
import type { Cells, Query, Row, Table } from './table.ts';

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

/** A table of events: what it is fed by, and what is kept of an event. */
export interface EventTable<C extends Columns = Columns, E = never> extends Table<C> {
  /** The publisher whose events feed it. */
  readonly publisher: string;
  /** How they are kept, for whoever reads them. */
  readonly form: string;
  /** Writes what is kept of an event, for each of its rows, when it is heard. What `moment` lacks costs no row. */
  keep(event: E, moment: Moment, into: KeptWriter): void;
}

/** Takes what is kept of events: each call is one row. */
export interface KeptWriter {
  /** In UTF-8. */
  text(text: string): void;
  /** The first ones of these. */
  bytes(bytes: Buffer, length: number): void;
  /** As `PackedValues` reads them: whole numbers from 0, or NaN for none. */
  values(numbers: Float64Array, texts: readonly string[]): void;
}

/** The machine when an event is heard. */
export interface Moment {
  readonly files: Files;
  /** What a file is, links followed; asked once for the events that came together. Undefined where it cannot be read. */
  stat(path: string): FileStat | undefined;
  /** Seconds since the boot. */
  readonly uptime: number;
}

/** Asks for each file once; so one is made anew for the events that come together. `statOf`: undefined where it cannot be read. */
export function momentOf(
  files: Files,
  uptime: number,
  statOf = (path: string): FileStat | undefined => ifReadable(() => files.stat(path)),
): Moment {
  const known = new Map<string, FileStat | undefined>();
  return {
    files,
    uptime,
    stat(path) {
      if (!known.has(path)) known.set(path, statOf(path));
      return known.get(path);
    },
  };
}

type Declaration<C extends Columns> = Omit<Table<C>, 'generate'> & {
  readonly name: `${string}_events`;
  readonly publisher: string;
};

/** Cells that do not belong to the store. */
type OwnCells<C extends Columns> = Omit<Cells<C>, 'time' | 'eid'>;

interface RowsOf<C extends Columns, E> {
  /** The rows of an event, made when it is heard; `time` and `eid` are the store's. */
  rows(event: E, moment: Moment): Iterable<OwnCells<C>>;
}

/** Declares a table of events whose rows are made when they are heard, and kept. */
export function eventTable<const C extends Columns, E>(
  declaration: Declaration<C> & RowsOf<C, E>,
): EventTable<C, E> & RowsOf<C, E> {
  const { rows } = declaration;
  const columns = { ...declaration.columns, occurred };
  const layout = keptColumns(columns);
  return {
    ...declaration,
    columns,
    form: JSON.stringify(layout),
    keep(event, moment, into) {
      for (const row of rows(event, moment)) into.text(encodeCells(layout, row));
    },
    generate: (query) =>
      generated(declaration, query, new CellRows(columns, query.uses as (column: string) => boolean)),
  };
}

/** Events that are kept as they came, and of which rows are made when a query reads them. */
interface Raw<C extends Columns, E, K> {
  readonly raw: {
    /** A name, and a number that changes with what the bytes mean. */
    readonly form: string;
    /** Writes what is kept of an event, or nothing where it is no row. */
    keep(event: E, moment: Moment, into: KeptWriter): void;
    /** Throws `MalformedInput`. */
    read(bytes: Buffer): K;
  };
  /** Cells of what was read. */
  readonly cells: { readonly [name in keyof OwnCells<C>]-?: (kept: K) => OwnCells<C>[name] };
}

/** Declares a table of events that are kept as they came. */
export function rawEventTable<const C extends Columns, E, K>(
  declaration: Declaration<C> & Raw<C, E, K>,
): EventTable<C, E> {
  const { columns, raw, cells } = declaration;
  // Made once, when it is first read: the engine compiles for one shape of rows.
  let rows: RawRows | undefined;
  return {
    ...declaration,
    columns: { ...columns, occurred },
    form: raw.form,
    keep: raw.keep,
    generate(query) {
      rows ??= new RawRows(raw, columns, cells);
      return generated(declaration, query, rows);
    },
  };
}

/** Reading is the same for all: what was kept, in its order. */
function* generated<C extends Columns>(
  { name, columns }: Declaration<C>,
  { events, bounds, row, warn, attempt }: Query<C>,
  rows: EventRows,
): Generator<Row<C>> {
  if (events === undefined) return warn('nothing hears events here');
  const eid = columns['eid'] === undefined ? {} : bounds('eid' as never);
  let [form, isKnown] = ['', false];
  for (const event of events.read(name, { time: bounds('time' as never), eid })) {
    if (event.form !== form) {
      ({ form } = event);
      isKnown = rows.knows(form);
      if (!isKnown) warn(`events that another version has kept, as ${form}, are left out`);
    }
    const made = isKnown ? attempt(() => rows.rowOf(event)) : undefined;
    if (made !== undefined) yield row(made as never);
  }
}
