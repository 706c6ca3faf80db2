import type { Cursors } from './event-cursors.ts';

/** What is kept of a scheduled query beside its rows. Epoch and counter are unsigned 64-bit numbers. */
export interface QueryState {
  readonly sql: string;
  readonly epoch: bigint;
  readonly counter: bigint;
}

/** Equal rows that come (more than 0) or go (less), and the text of one of those that come. */
export interface RowChange {
  readonly copies: number;
  readonly row?: string | undefined;
}

/** How far a query has come in the tables of one store of events. */
export interface SeenCursors {
  readonly sql: string;
  readonly identity: string;
  readonly cursors: Cursors;
}

/** What one run changes of what is kept of a query. */
export interface QueryChange {
  /** Full name: `pack_web_ports`. */
  readonly query: string;
  /** Undefined where it stays as it is. */
  readonly state?: QueryState | undefined;
  /** Whether the rows that were kept before go first. */
  readonly clear?: boolean;
  /** By digest. */
  readonly rows?: ReadonlyMap<string, RowChange>;
  /** Unix seconds; undefined for a snapshot, of which only the cursors are kept. */
  readonly lastRun?: number | undefined;
  readonly seen?: SeenCursors | undefined;
  /** Lines for loggers that keep theirs in the store. */
  readonly queued?: readonly string[];
}

/** One change that does what two do, one after the other, of the same query. */
export function joined(first: QueryChange | undefined, then: QueryChange): QueryChange {
  if (first === undefined) return then;
  return {
    query: then.query,
    state: then.state ?? first.state,
    clear: (first.clear ?? false) || (then.clear ?? false),
    rows: then.clear ? (then.rows ?? NO_ROWS) : joinedRows(first.rows ?? NO_ROWS, then.rows ?? NO_ROWS),
    lastRun: then.lastRun ?? first.lastRun,
    seen: joinedCursors(first.seen, then.seen),
    queued: [...(first.queued ?? []), ...(then.queued ?? [])],
  };
}

const NO_ROWS: ReadonlyMap<string, RowChange> = new Map();

function joinedRows(first: ReadonlyMap<string, RowChange>, then: ReadonlyMap<string, RowChange>) {
  const rows = new Map(first);
  for (const [digest, { copies, row }] of then) {
    const before = rows.get(digest);
    const all = (before?.copies ?? 0) + copies;
    if (all === 0) rows.delete(digest);
    else rows.set(digest, { copies: all, row: row ?? before?.row });
  }
  return rows;
}

function joinedCursors(first: SeenCursors | undefined, then: SeenCursors | undefined): SeenCursors | undefined {
  if (first === undefined || then === undefined) return then ?? first;
  // Ids of one store of events mean nothing in another.
  if (first.identity !== then.identity) return then;
  return { ...then, cursors: new Map([...first.cursors, ...then.cursors]) };
}

/** Beside the text of a row: its digest, its place in a `Map`, the heads of two strings. */
const ROW_OVERHEAD = 150;

/** Characters that a change takes in memory, about. */
export function sizeOf({ query, rows, queued, state }: QueryChange): number {
  let size = ROW_OVERHEAD + query.length + (state?.sql.length ?? 0);
  for (const { row } of rows?.values() ?? []) size += ROW_OVERHEAD + (row?.length ?? 0);
  for (const line of queued ?? []) size += line.length;
  return size;
}
