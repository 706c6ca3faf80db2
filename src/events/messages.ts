import type { NextFiles } from './files/hand-over.ts';
import type { PublisherCounts } from './publisher.ts';
import type { Reading } from './reading.ts';

/** What the thread that hears events tells. */
export type FromEvents =
  | { readonly kind: 'started'; readonly identity: string }
  | { readonly kind: 'say'; readonly severity: 'INFO' | 'WARNING' | 'ERROR'; readonly message: string }
  | { readonly kind: 'counts'; readonly counts: EventCountsOf }
  /** What a thread that is killed now leaves to the next one to be restored; undefined once it is. */
  | { readonly kind: 'left'; readonly publisher: string; readonly value: number | undefined }
  | { readonly kind: 'ended' };

/** Counts of all publishers and tables. */
export interface EventCountsOf {
  readonly publishers: ReadonlyMap<string, PublisherCounts>;
  readonly tables: ReadonlyMap<string, TableCounts>;
}

/** Events of a table since the start. */
export interface TableCounts {
  readonly publisher: string;
  readonly stored: number;
  /** Gone by their age. */
  readonly expired: number;
  /** By cause: the store could not keep them, or they made room for others: the flag that bounds them. */
  readonly dropped: Readonly<Record<'store' | 'events_max' | 'events_max_bytes', number>>;
  /** Of those that made room: which a scheduled query was yet to see. */
  readonly unseen: number;
}

/** What it is told. */
export type ToEvents = ScheduleProgress | { readonly files: NextFiles };

/** Before a scheduled query reads events and after: how far the schedule has come. */
export interface ScheduleProgress {
  /** For each table the last event that all scheduled queries have seen. */
  readonly seen: ReadonlyMap<string, number>;
  /** The query that runs, and the last event that all the others have seen. */
  readonly running?: { readonly reading: Reading; readonly others: ReadonlyMap<string, number> } | undefined;
}
