import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Ids of events that were heard in one second, without others between them. */
interface Run {
  readonly first: number;
  readonly time: number;
  /** The last id before the next run; null for the newest. */
  readonly last: number | null;
}

/** Ids, both inclusive. */
export interface Ids {
  readonly first: number;
  readonly last: number;
}

/** Runs read at once. */
const READ_AT_ONCE = 256;
/** Larger than any id or time. */
export const NO_ID = Number.MAX_SAFE_INTEGER;

const columns = (seconds: string) =>
  `SELECT first, time, (SELECT min(first) - 1 FROM ${seconds} AS next WHERE next.first > run.first) AS last
   FROM ${seconds} AS run`;

/**
 * When the events of a table were heard, for ranges of time and for retention: a row for each run of ids that were heard in
 * one second. An index of the events themselves would have a row for each, and take as long to write as they do. The newest
 * row is never removed, as the next event may belong to it, and none is ever changed: whoever reads some at a time sees none
 * twice.
 */
export class EventSeconds {
  readonly #insert: StatementSync;
  readonly #newest: StatementSync;
  readonly #old: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeUpTo: StatementSync;

  /** `table`: checked to be a name. */
  constructor(database: DatabaseSync, table: string) {
    const seconds = `${table}_seconds`;
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${seconds} (first INTEGER PRIMARY KEY, time INTEGER NOT NULL) STRICT;
       CREATE INDEX IF NOT EXISTS ${seconds}_by_time ON ${seconds} (time)`,
    );
    this.#insert = database.prepare(`INSERT INTO ${seconds} VALUES (?, ?)`);
    this.#old = database.prepare(
      `${columns(seconds)} INDEXED BY ${seconds}_by_time WHERE time < ? AND first <= ? ORDER BY time, first LIMIT ?`,
    );
    this.#remove = database.prepare(`DELETE FROM ${seconds} WHERE first = ?`);
    // But for the one that the next event belongs to.
    this.#removeUpTo = database.prepare(
      `DELETE FROM ${seconds} WHERE first < (SELECT max(first) FROM ${seconds} WHERE first <= ?)`,
    );
    this.#newest = database.prepare(`SELECT time FROM ${seconds} ORDER BY first DESC LIMIT 1`);
  }

  /** Notes when the event with this id was heard, and those after it, if it is not when the one before was. */
  add(eid: number, time: number): void {
    if (time !== this.#newest.get()?.['time']) this.#insert.run(eid, time);
  }

  /** Runs heard before a moment, Unix seconds, whose first ids are at most `upTo`; so many, the oldest first. */
  old(before: number, upTo: number, count: number): readonly Run[] {
    return this.#old.all(before, upTo, count) as unknown as Run[];
  }

  /** For a run of which nothing is left; not for the newest. */
  remove({ first }: Run): void {
    this.#remove.run(first);
  }

  /** For all runs of which nothing is left once the events up to here have gone. */
  removeUpTo(eid: number): void {
    this.#removeUpTo.run(eid + 1);
  }
}

/** Reads the seconds of one table of events. */
export class EventSecondsReader {
  readonly #between: StatementSync;

  constructor(database: DatabaseSync, table: string) {
    const seconds = `${table}_seconds`;
    this.#between = database.prepare(
      `${columns(seconds)} INDEXED BY ${seconds}_by_time
       WHERE (time, first) > (?, ?) AND time <= ? ORDER BY time, first LIMIT ${READ_AT_ONCE}`,
    );
  }

  /** Ids heard between two moments, Unix seconds, both inclusive, in the order of time; as few ranges as there can be. */
  *between(min: number, max: number): Generator<Ids> {
    let ids: Ids | undefined;
    let [time, first] = [min, 0];
    for (;;) {
      const runs = this.#between.all(time, first, max) as unknown as Run[];
      for (const run of runs) {
        const last = run.last ?? NO_ID;
        if (ids !== undefined && run.first !== ids.last + 1) {
          yield ids;
          ids = undefined;
        }
        ids = { first: ids?.first ?? run.first, last };
      }
      if (runs.length < READ_AT_ONCE) break;
      ({ time, first } = runs.at(-1)!);
    }
    if (ids !== undefined) yield ids;
  }
}
