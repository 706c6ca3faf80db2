import type { EventBounds, EventSource, ReadEvent } from '../schema/event-source.ts';
import type { Cursors } from '../store/event-cursors.ts';
import type { EventReader } from '../store/event-store.ts';
import { type Reading, readAgain, readOn } from './reading.ts';

/**
 * Events of a table that one run of a scheduled query reads, and bytes of them, as if it had a LIMIT: the next run goes on
 * there. A backlog of more would be beyond what a query may return, run after run.
 */
const MAX_EVENTS = 50_000;
const MAX_BYTES = 32 * 1024 * 1024;

interface Progress {
  /** The newest event when the query first looked: all scans of it see the same ones. */
  readonly upTo: number;
  /** How far every scan has come. */
  seen: number;
}

/**
 * One run of a query over tables of events. A scheduled query has cursors and sees what is behind them; one asked by hand
 * has none, sees all there is, and disturbs nobody.
 */
export class EventScans implements EventSource {
  readonly #reader: EventReader;
  readonly #cursors: Cursors | undefined;
  readonly #reading: Reading | undefined;
  readonly #progress = new Map<string, Progress>();

  constructor(reader: EventReader, cursors?: Cursors, reading?: Reading) {
    this.#reader = reader;
    this.#cursors = cursors;
    this.#reading = reading;
  }

  *read(table: string, { time, eid }: EventBounds): Generator<ReadEvent> {
    const after = this.#cursors?.get(table) ?? 0;
    const reading = this.#reading;
    if (reading !== undefined && this.#progress.has(table)) readAgain(reading, table);
    const progress = this.#begun(table);
    // A query that does not look at all events of its scan, for its LIMIT, has seen those up to where it stopped: the next
    // run goes on there.
    let pulled = after;
    let ended = false;
    let [events, bytes] = [0, 0];
    try {
      const range = {
        after: Math.max(after, (eid.min ?? 0) - 1),
        upTo: Math.min(progress.upTo, eid.max ?? progress.upTo),
        minTime: time.min,
        maxTime: time.max,
        // Whoever stops somewhere and goes on there has to go by ids: a clock may have been put back.
        byTime: this.#cursors === undefined && eid.min === undefined,
        part: reading && ((some: () => number | undefined) => readOn(reading, table, some)),
      };
      for (const event of this.#reader.range(table, range)) {
        if (events >= MAX_EVENTS || bytes > MAX_BYTES) return;
        pulled = event.eid;
        if (this.#cursors !== undefined) {
          events += 1;
          bytes += event.size;
        }
        yield event;
      }
      ended = true;
    } finally {
      if (!ended) progress.seen = Math.min(progress.seen, pulled);
    }
  }

  /** Up to which event each table has been seen, when the query has run to its end. */
  get seen(): Cursors {
    return new Map([...this.#progress].map(([table, { seen }]) => [table, seen]));
  }

  #begun(table: string): Progress {
    let progress = this.#progress.get(table);
    if (progress === undefined) {
      const last = this.#reader.last(table);
      progress = { upTo: last, seen: last };
      this.#progress.set(table, progress);
    }
    return progress;
  }
}
