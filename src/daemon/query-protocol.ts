import type { Reading } from '../events/reading.ts';
import type { LeftAlone } from '../host/left-alone.ts';
import type { RowText } from '../results/row.ts';
import type { Cursors } from '../store/event-cursors.ts';

/** What a scheduled query is to see of the events. */
export interface Unseen {
  /** How far it has come in the tables. */
  readonly cursors: Cursors;
  /** Where it notes how far it comes. */
  readonly reading?: Reading | undefined;
}

/** What the scheduler asks of the thread that runs SQL: one query at a time. */
export interface QueryRequest {
  readonly id: number;
  readonly sql: string;
  /** Without it the query sees all events. */
  readonly unseen?: Unseen | undefined;
  /** From here on these places are left alone; where it is not there, those of the request before. */
  readonly leftAlone?: readonly LeftAlone[];
}

/** What a query has seen of the events. */
export interface SeenEvents {
  /** Of the store of events. */
  readonly identity: string;
  readonly cursors: Cursors;
}

/** What a query cost its thread. */
export interface ThreadCosts {
  readonly userMs: number;
  readonly systemMs: number;
  /** Bytes by which the process grew. */
  readonly memory: number;
}

/** Bytes that SQLite has taken in a thread; it gives none back. Before any query these are 8 MiB. */
export const FRESH_SQLITE = 8 * 1024 * 1024;

/** Rows come in pieces, then one `done` or `failed`. */
export type QueryReply =
  /** The thread is there and begins. */
  | { readonly id: number; readonly kind: 'begun' }
  | { readonly id: number; readonly kind: 'rows'; readonly rows: readonly RowText[] }
  | {
      readonly id: number;
      readonly kind: 'done';
      readonly costs: ThreadCosts;
      readonly held?: number;
      readonly seen?: SeenEvents;
    }
  | {
      readonly id: number;
      readonly kind: 'failed';
      readonly message: string;
      readonly outOfMemory: boolean;
      readonly held?: number;
    }
  | { readonly id: number; readonly kind: 'warning'; readonly text: string };

/** Rows of one message: some 100 KiB. */
export const ROWS_A_PIECE = 500;
