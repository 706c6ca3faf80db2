/** An event as a table of events reads it. */
export interface ReadEvent {
  /** Grows with each event of the table, for ever. */
  readonly eid: number;
  /** When it was heard, Unix seconds. */
  readonly time: number;
  /** When it happened, nanoseconds since the epoch. */
  readonly occurred: bigint;
  /** Names of the cells, and the cells in JSON. */
  readonly layout: readonly string[];
  readonly cells: string;
}

/** What a query may read of the events that were heard. */
export interface EventSource {
  /** Events of a table, those that the query has not seen; times in Unix seconds, inclusive. */
  read(table: string, bounds: { readonly min?: number; readonly max?: number }): Iterable<ReadEvent>;
}
