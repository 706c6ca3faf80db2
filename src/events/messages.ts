import type { PublisherCounts } from './publisher.ts';

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

export interface TableCounts {
  readonly publisher: string;
  /** Events kept since the start; lost for want of room on the disk; gone by age; gone for want of room unseen or seen. */
  readonly stored: number;
  readonly lost: number;
  readonly expired: number;
  readonly dropped: number;
}

/** What it is told: for each table the last event that all scheduled queries have seen. */
export interface ToEvents {
  readonly seen: ReadonlyMap<string, number>;
}
