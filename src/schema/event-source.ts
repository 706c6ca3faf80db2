/** An event as a table of events reads it. */
export interface ReadEvent {
  /** Grows with each event of the table, for ever. */
  readonly eid: number;
  /** When it was heard, Unix seconds. */
  readonly time: number;
  /** When it happened, nanoseconds since the epoch. */
  readonly occurred: bigint;
  /** How it was kept, what is kept of it, and how many bytes that are. */
  readonly form: string;
  readonly bytes: Buffer;
  readonly size: number;
}

/** What a query may read of the events that were heard. */
export interface EventSource {
  /** Events of a table, those that the query has not seen. */
  read(table: string, bounds: EventBounds): Iterable<ReadEvent>;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** What a query asks of events, inclusive: when they were heard, Unix seconds, and their ids. */
export interface EventBounds {
  readonly time: Bounds;
  readonly eid: Bounds;
}
