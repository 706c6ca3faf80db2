import type { RowText } from '../results/row.ts';
import type { SeenEvents, ThreadCosts } from './query-protocol.ts';

export interface Answer extends ThreadCosts {
  readonly rows: readonly RowText[];
  /** In all rows. */
  readonly characters: number;
  /** Bytes of SQLite's memory that it took and that nobody had taken before. */
  readonly took: number;
  readonly wallMs: number;
  /** Of the events; undefined for a query that reads none. */
  readonly seen?: SeenEvents | undefined;
}

/** Bounds of one query. */
export interface QueryLimits {
  /** Without it a query may take for ever. */
  readonly deadlineMs?: number | undefined;
  /** The time is over by a rule for all: that is said, and nothing else comes of it. */
  readonly forgiving?: boolean | undefined;
  /** Characters of all rows. */
  readonly characters?: number | undefined;
  /** Bytes of the thread, with the rows. */
  readonly memory?: number | undefined;
}

/** A query that went beyond a bound and was stopped for it. */
export class QueryStopped extends Error {
  override readonly name = 'QueryStopped';
}

/**
 * A query that went beyond a bound which says nothing of the query: a disk may be slow, a user may have many files. It is not put
 * aside, and runs again when it is due.
 */
export class QueryForgiven extends Error {
  override readonly name = 'QueryForgiven';
}

/** A query that makes room for others, and is to run again. */
export class QueryPutOff extends Error {
  override readonly name = 'QueryPutOff';
}

/** A query whose thread hangs in a call of the kernel. It is not the query's fault. */
export class QueryHung extends Error {
  override readonly name = 'QueryHung';
}
