import type { EventStore } from '../store/event-store.ts';

/** What of a table is kept. */
export interface RetentionLimits {
  /** Seconds: `--events_expiry`. */
  readonly expiry: number;
  /** `--events_max` and `--events_max_bytes`. */
  readonly rows: number;
  readonly bytes: number;
}

/** Statements of one sweep: a thousand events each, so that a sweep of a full table lasts some ten milliseconds. */
const STEPS = 10;

/**
 * Lets events go on a clock of its own, not when somebody reads: the old ones that every scheduled query has seen, and
 * beyond the limits the oldest, seen or not, which is counted.
 */
export class Retention {
  readonly #store: EventStore;
  readonly #limits: (table: string) => RetentionLimits;
  readonly #expired = new Map<string, number>();
  readonly #dropped = new Map<string, number>();

  constructor(store: EventStore, limits: (table: string) => RetentionLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  /** Events that went by their age; and for want of room, seen or not. */
  counts(table: string): { readonly expired: number; readonly dropped: number } {
    return { expired: this.#expired.get(table) ?? 0, dropped: this.#dropped.get(table) ?? 0 };
  }

  /** `now`: Unix seconds. `seen`: the last event that all who read the table have seen. */
  sweep(table: string, now: number, seen: number): void {
    const { expiry, rows, bytes } = this.#limits(table);
    for (let i = 0; i < STEPS; i++) {
      const expired = this.#store.expire(table, now - expiry, seen);
      const dropped = expired > 0 ? 0 : this.#store.trim(table, { rows, bytes });
      if (expired + dropped === 0) return;
      this.#expired.set(table, (this.#expired.get(table) ?? 0) + expired);
      this.#dropped.set(table, (this.#dropped.get(table) ?? 0) + dropped);
    }
  }
}
