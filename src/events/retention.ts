import type { EventStore } from '../store/event-store.ts';

/** What of a table is kept. */
export interface RetentionLimits {
  /** Seconds: `--events_expiry`. */
  readonly expiry: number;
  /** `--events_max` and `--events_max_bytes`. */
  readonly rows: number;
  readonly bytes: number;
}

/** Events of a table that went, since the start. */
export interface RetentionCounts {
  /** By their age. */
  readonly expired: number;
  /** For want of room: beyond `--events_max`, beyond `--events_max_bytes`. */
  readonly overRows: number;
  readonly overBytes: number;
  /** Of those: which a scheduled query was yet to see. */
  readonly unseen: number;
}

/** Statements of one sweep, a thousand events each: those that are old have time. */
const EXPIRY_STEPS = 10;
/** The bounds are kept while events come as fast as they can, some ten thousand a second. */
const TRIM_STEPS = 200;

/**
 * Lets events go on a clock of its own, not when somebody reads: the old ones that every scheduled query has seen, and
 * beyond the limits the oldest, seen or not, which is counted.
 */
export class Retention {
  readonly #store: EventStore;
  readonly #limits: (table: string) => RetentionLimits;
  readonly #counts = new Map<string, RetentionCounts>();

  constructor(store: EventStore, limits: (table: string) => RetentionLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  counts(table: string): RetentionCounts {
    return this.#counts.get(table) ?? { expired: 0, overRows: 0, overBytes: 0, unseen: 0 };
  }

  /** `now`: Unix seconds. `seen`: the last event that all who read the table have seen. */
  sweep(table: string, now: number, seen: number): void {
    const { expiry, rows, bytes } = this.#limits(table);
    let { expired, overRows, overBytes, unseen } = this.counts(table);
    for (let i = 0; i < EXPIRY_STEPS; i++) {
      const gone = this.#store.expire(table, now - expiry, seen);
      expired += gone;
      if (gone === 0) break;
    }
    for (let i = 0; i < TRIM_STEPS; i++) {
      const gone = this.#store.trim(table, { rows, bytes }, seen);
      if (gone.cause === 'rows') overRows += gone.events;
      else overBytes += gone.events;
      unseen += gone.unseen;
      if (gone.events === 0) break;
    }
    this.#counts.set(table, { expired, overRows, overBytes, unseen });
  }
}
