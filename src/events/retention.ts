import type { EventCounts, EventStore } from '../store/event-store.ts';
import type { ScheduleProgress } from './messages.ts';
import { inTurn, newTurn, readUpTo, type Turn } from './reading.ts';

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

/** Events, from after one to another, that made room when the query that runs had read them: it may yet fail. */
interface Lent {
  readonly after: number;
  readonly upTo: number;
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
  readonly #turn: Turn;
  readonly #hear: () => void;
  readonly #counts = new Map<string, RetentionCounts>();
  readonly #lent = new Map<string, Lent[]>();
  #progress: ScheduleProgress = { seen: new Map() };

  /** `turn`: of those that read. `hear`: takes what is told of the schedule and was not taken yet. */
  constructor(
    store: EventStore,
    limits: (table: string) => RetentionLimits,
    turn: Turn = newTurn(),
    hear: () => void = () => {},
  ) {
    this.#store = store;
    this.#limits = limits;
    this.#turn = turn;
    this.#hear = hear;
  }

  counts(table: string): RetentionCounts {
    return this.#counts.get(table) ?? { expired: 0, overRows: 0, overBytes: 0, unseen: 0 };
  }

  /** How far the schedule is now. The query that ran before this was told has ended. */
  take(progress: ScheduleProgress): void {
    for (const [table, lent] of this.#lent) {
      // What one scan had read, and another was yet to, may have been lost to that.
      const twice = readUpTo(this.#progress.running!.reading, table) === undefined;
      const seen = twice ? 0 : (progress.seen.get(table) ?? 0);
      const lost = lent.reduce((sum, { after, upTo }) => sum + Math.max(0, upTo - Math.max(after, seen)), 0);
      this.#count(table, { unseen: lost });
    }
    this.#lent.clear();
    this.#progress = progress;
  }

  /** `now`: Unix seconds. */
  sweep(table: string, now: number): void {
    const { expiry, rows, bytes } = this.#limits(table);
    for (let i = 0; i < EXPIRY_STEPS; i++) {
      // Until the schedule has said how far it is, nothing goes by its age.
      const gone = this.#store.expire(table, now - expiry, this.#seen(table));
      this.#count(table, { expired: gone });
      if (gone === 0) break;
    }
    for (let i = 0; i < TRIM_STEPS; i++) {
      // Nobody reads meanwhile, so that each event was read or was not.
      const events = inTurn(this.#turn, () => this.#trim(table, { rows, bytes }));
      if (events === 0) break;
    }
  }

  #trim(table: string, limits: EventCounts): number {
    const { cause, events, last } = this.#store.trim(table, limits);
    if (events === 0) return 0;
    // Each time: queries begin and end meanwhile.
    this.#hear();
    const [seen, read] = [this.#seen(table), this.#read(table)];
    const unseen = Math.min(events, Math.max(0, last - read));
    this.#count(table, { [cause === 'rows' ? 'overRows' : 'overBytes']: events, unseen });
    // Ids grow one by one.
    this.#lend(table, { after: Math.max(seen, last - events), upTo: Math.min(last, read) });
    return events;
  }

  #count(table: string, more: Partial<RetentionCounts>): void {
    const { expired, overRows, overBytes, unseen } = this.counts(table);
    this.#counts.set(table, {
      expired: expired + (more.expired ?? 0),
      overRows: overRows + (more.overRows ?? 0),
      overBytes: overBytes + (more.overBytes ?? 0),
      unseen: unseen + (more.unseen ?? 0),
    });
  }

  #lend(table: string, { after, upTo }: Lent): void {
    if (upTo <= after) return;
    const lent = this.#lent.get(table) ?? [];
    const last = lent.at(-1);
    // Apart only where those between were counted: the query had not read them.
    if (last?.upTo === after) lent[lent.length - 1] = { after: last.after, upTo };
    else lent.push({ after, upTo });
    this.#lent.set(table, lent);
  }

  #seen(table: string): number {
    return this.#progress.seen.get(table) ?? 0;
  }

  /** The last event that all have seen if the query that runs comes to its end. */
  #read(table: string): number {
    const { running } = this.#progress;
    const read = running && readUpTo(running.reading, table);
    return Math.max(this.#seen(table), Math.min(read ?? 0, running?.others.get(table) ?? 0));
  }
}
