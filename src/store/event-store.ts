import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { EventSeconds, EventSecondsReader, type Ids, NO_ID } from './event-seconds.ts';

/** An event that is to be kept. */
export interface NewEvent {
  /** When it was heard, Unix seconds: what retention and `time` go by. */
  readonly time: number;
  /** When it happened, nanoseconds since the epoch. */
  readonly occurred: bigint;
  /** Cells in the order of the table's layout, JSON. */
  readonly cells: string;
}

/** An event that was kept. */
export interface StoredEvent {
  readonly eid: number;
  readonly time: number;
  readonly occurred: bigint;
  /** Names of the cells. */
  readonly layout: readonly string[];
  readonly cells: string;
}

/** An event as it was read: numbers, as each BigInt costs as much as all of them, and few queries want to know when it was. */
class Kept implements StoredEvent {
  readonly eid: number;
  readonly time: number;
  readonly layout: readonly string[];
  readonly cells: string;
  readonly #seconds: number;
  readonly #nanoseconds: number;

  constructor([eid, time, seconds, nanoseconds, , cells]: Row, layout: readonly string[]) {
    this.eid = eid;
    this.time = time;
    this.layout = layout;
    this.cells = cells;
    this.#seconds = seconds;
    this.#nanoseconds = nanoseconds;
  }

  get occurred(): bigint {
    return BigInt(this.#seconds) * BigInt(SECOND) + BigInt(this.#nanoseconds);
  }
}

/** Which events of a table. */
export interface EventRange {
  /** Only those with larger ids. */
  readonly after?: number;
  /** Only those with ids up to here. */
  readonly upTo?: number;
  /** Unix seconds, inclusive. */
  readonly minTime?: number | undefined;
  readonly maxTime?: number | undefined;
  /** Whether those of a range of times may come in the order of these. Default: where nothing else bounds them. */
  readonly byTime?: boolean;
  /** Calls what reads a part of them, which gives the id of its last event, undefined for none. Default: calls it at once. */
  readonly part?: ((read: () => number | undefined) => void) | undefined;
}

export interface EventCounts {
  readonly rows: number;
  /** Of all cells, in UTF-8. */
  readonly bytes: number;
}

/** Events that had to make room. */
export interface Trimmed {
  readonly cause: 'rows' | 'bytes' | undefined;
  readonly events: number;
  /** The last of them. */
  readonly last: number;
}

/** The name of an event table; it becomes a name in the database. */
const NAME = /^[a-z][a-z0-9_]{0,62}_events$/;
/** Nanoseconds. */
const SECOND = 1_000_000_000;
/** Events stored with one statement: it looks up and writes the last id once, so that each costs two thirds. */
const STORED_AT_ONCE = 32;
/** Events removed at once: 1,000 of 600 bytes take 1.4 ms. */
const DELETED_AT_ONCE = 1000;
/** Seconds of which events are removed at once. */
const SECONDS_AT_ONCE = 100;
/** Events read at once: at first, as a query may want only some; then so many that each costs a third. Of 32 KiB they are 8 MiB. */
const FIRST_READ = 32;
const READ_AT_ONCE = 256;
/** KiB of pages that are kept in memory: events are written at the end and read in order, so more than a commit's help nobody. */
const CACHE = 768;
/** `SQLITE_CORRUPT`. */
const CORRUPT = 11;
/** "osqe": tells our files from other SQLite databases. */
const APPLICATION_ID = 0x6f737165;

interface Statements {
  readonly append: StatementSync;
  readonly appendMany: StatementSync;
  readonly first: StatementSync;
  readonly oldest: StatementSync;
  readonly remove: StatementSync;
  readonly seconds: EventSeconds;
}

type Row = readonly [eid: number, time: number, seconds: number, nanoseconds: number, layout: number, cells: string];

/** The first events of a range, so many of them. */
interface First {
  readonly last: number | null;
  readonly events: number;
  readonly size: number;
}

/**
 * Events in the order in which they were heard, a table each. Ids only grow, also over restarts and after all events have
 * gone. One thread writes, others read at the same time (`EventReader`).
 */
export class EventStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statements>();
  readonly #counts = new Map<string, { rows: number; bytes: number }>();
  readonly #layouts = new Map<string, number>();

  /**
   * A file that is there or made; whoever opens it has made sure that nobody else writes. With `check` all of it is looked
   * at, which takes a second for each 500 MB. Throws SQLite's error where it is damaged.
   */
  constructor(path: string, { check = false } = {}) {
    const database = new DatabaseSync(path);
    this.#database = database;
    try {
      // Pages of 8 KiB: 200,000 events of 600 bytes in 0.8 s, a third faster than with the default's 4.
      database.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      database.exec(`PRAGMA cache_size = -${CACHE}`);
      if (check) mustBeWhole(database);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.exec('CREATE TABLE IF NOT EXISTS layouts (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE) STRICT');
      database.exec('CREATE TABLE IF NOT EXISTS identity (uuid TEXT NOT NULL) STRICT');
      if (database.prepare('SELECT uuid FROM identity').get() === undefined) {
        database.prepare('INSERT INTO identity VALUES (?)').run(crypto.randomUUID());
      }
    } catch (cause) {
      database.close();
      throw cause;
    }
  }

  /** Told apart from another file of the same name: ids mean something within one only. */
  get identity(): string {
    return identityOf(this.#database);
  }

  /**
   * Makes room for the events of a table. Ids begin beyond `known`, an id that somebody has seen: a loss of power may have
   * taken the last events, and their ids must not come again.
   */
  open(table: string, known = 0): void {
    if (!NAME.test(table)) throw new Error(`${table}: not a name for a table of events`);
    if (this.#statements.has(table)) return;
    const database = this.#database;
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (
         eid INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, occurred INTEGER NOT NULL,
         layout INTEGER NOT NULL, cells TEXT NOT NULL) STRICT`,
    );
    this.#raise(table, known);
    const append = `INSERT INTO ${table} (time, occurred, layout, cells) VALUES`;
    const oldest = `SELECT eid, octet_length(cells) AS bytes FROM ${table}`;
    this.#statements.set(table, {
      append: database.prepare(`${append} (?, ?, ?, ?)`),
      appendMany: database.prepare(`${append} ${Array(STORED_AT_ONCE).fill('(?, ?, ?, ?)').join(', ')}`),
      first: database.prepare(
        `SELECT max(eid) AS last, count(*) AS events, ifnull(sum(bytes), 0) AS size
         FROM (${oldest} WHERE eid >= ? AND eid <= ? ORDER BY eid LIMIT ?)`,
      ),
      oldest: database.prepare(`${oldest} ORDER BY eid LIMIT ${DELETED_AT_ONCE}`),
      remove: database.prepare(`DELETE FROM ${table} WHERE eid >= ? AND eid <= ?`),
      seconds: new EventSeconds(database, table),
    });
    const counts = database.prepare(
      `SELECT count(*) AS rows, ifnull(sum(octet_length(cells)), 0) AS bytes FROM ${table}`,
    );
    this.#counts.set(table, { ...(counts.get() as unknown as EventCounts) });
  }

  /** Keeps events, all or none of them. */
  append(table: string, layout: readonly string[], events: readonly NewEvent[]): void {
    const { append, appendMany, seconds } = this.#of(table);
    const names = this.#layout(layout);
    const counts = this.#counts.get(table)!;
    this.#transaction(() => {
      const whole = events.length - (events.length % STORED_AT_ONCE);
      let last: number | bigint = 0;
      for (let i = 0; i < whole; i += STORED_AT_ONCE) {
        const some = events.slice(i, i + STORED_AT_ONCE);
        const values = some.flatMap(({ time, occurred, cells }) => [time, occurred, names, cells]);
        last = appendMany.run(...values).lastInsertRowid;
      }
      for (const { time, occurred, cells } of events.slice(whole)) {
        last = append.run(time, occurred, names, cells).lastInsertRowid;
      }
      seconds.add(Number(last), events);
    });
    counts.rows += events.length;
    for (const { cells } of events) counts.bytes += Buffer.byteLength(cells);
  }

  counts(table: string): EventCounts {
    return { ...this.#counts.get(table)! };
  }

  /** The id of the newest event there ever was. */
  last(table: string): number {
    return lastOf(this.#database, table);
  }

  /**
   * Removes some of the events heard before a moment, Unix seconds, whose ids are at most `upTo`; how many. Call it again
   * while that is not 0: nobody waits for all of them.
   */
  expire(table: string, before: number, upTo: number): number {
    const { seconds } = this.#of(table);
    const gone = this.#transaction(() => {
      let [events, size] = [0, 0];
      for (const run of seconds.old(before, upTo, SECONDS_AT_ONCE)) {
        const last = Math.min(run.last ?? NO_ID, upTo);
        const most = DELETED_AT_ONCE - events;
        const some = this.#removeFirst(table, { first: run.first, last }, most);
        events += some.events;
        size += some.size;
        if (some.events === most) break;
        if (last === run.last) seconds.remove(run);
      }
      return { events, size };
    });
    this.#removed(table, gone);
    return gone.events;
  }

  /**
   * Removes some of the oldest events beyond so many rows, or, if there are no more rows than that, beyond so many bytes. Call
   * it again while there are any.
   */
  trim(table: string, { rows, bytes }: EventCounts): Trimmed {
    const counts = this.#counts.get(table)!;
    const beyond = counts.rows - rows;
    let over = counts.bytes - bytes;
    if (beyond <= 0 && over <= 0) return { cause: undefined, events: 0, last: 0 };
    const { oldest, seconds } = this.#of(table);
    let most = Math.min(beyond, DELETED_AT_ONCE);
    if (beyond <= 0) {
      const sizes = oldest.all() as unknown as { readonly bytes: number }[];
      most = 0;
      for (; over > 0 && most < sizes.length; most++) over -= sizes[most]!.bytes;
    }
    const gone = this.#transaction(() => {
      const some = this.#removeFirst(table, { first: 0, last: NO_ID }, most);
      if (some.last !== null) seconds.removeUpTo(some.last);
      return some;
    });
    this.#removed(table, gone);
    return { cause: beyond > 0 ? 'rows' : 'bytes', events: gone.events, last: gone.last ?? 0 };
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Removes the first events of a range, so many of them. */
  #removeFirst(table: string, range: Ids, most: number): First {
    const { first, remove } = this.#of(table);
    const gone = first.get(range.first, range.last, most) as unknown as First;
    if (gone.last !== null) remove.run(range.first, gone.last);
    return gone;
  }

  #removed(table: string, { events, size }: Pick<First, 'events' | 'size'>): void {
    const counts = this.#counts.get(table)!;
    counts.rows -= events;
    counts.bytes -= size;
  }

  #of(table: string): Statements {
    const statements = this.#statements.get(table);
    if (statements === undefined) throw new Error(`${table} is not open`);
    return statements;
  }

  #layout(names: readonly string[]): number {
    const text = JSON.stringify(names);
    let id = this.#layouts.get(text);
    if (id === undefined) {
      this.#database.prepare('INSERT OR IGNORE INTO layouts (names) VALUES (?)').run(text);
      id = this.#database.prepare('SELECT id FROM layouts WHERE names = ?').get(text)!['id'] as number;
      this.#layouts.set(text, id);
    }
    return id;
  }

  #raise(table: string, known: number): void {
    if (known <= this.last(table)) return;
    const sequence = this.#database.prepare('UPDATE sqlite_sequence SET seq = ? WHERE name = ?').run(known, table);
    if (sequence.changes === 0) this.#database.prepare('INSERT INTO sqlite_sequence VALUES (?, ?)').run(table, known);
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (cause) {
      // SQLite has rolled back by itself where the disk is full.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw cause;
    }
  }
}

/** Reads events while another thread writes them; sees what was committed when it looks. */
export class EventReader implements Disposable {
  readonly #database: DatabaseSync;
  readonly #ranges = new Map<string, StatementSync>();
  readonly #seconds = new Map<string, EventSecondsReader>();
  readonly #layouts = new Map<number, readonly string[]>();

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    this.#database.exec(`PRAGMA cache_size = -${CACHE}`);
  }

  get identity(): string {
    return identityOf(this.#database);
  }

  /** The id of the newest event there ever was; 0 where there was none. */
  last(table: string): number {
    return lastOf(this.#database, table);
  }

  /**
   * Events in the order of their ids, or where only times bound them in the order of those. It costs what it returns. Some at
   * a time: a statement that stays open holds up what writes, and costs three times as much a row.
   */
  range(table: string, range: EventRange = {}): Generator<StoredEvent> {
    const { after = 0, minTime, maxTime } = range;
    const byTime = (range.byTime ?? after === 0) && (minTime !== undefined || maxTime !== undefined);
    // Not one that hands on what another gives: that costs as much as to read.
    return byTime ? this.#byTime(table, range) : this.#byId(table, range);
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  *#byTime(table: string, range: EventRange): Generator<StoredEvent> {
    const { after = 0, upTo = NO_ID, minTime = -NO_ID, maxTime = NO_ID } = range;
    if (!this.#has(table)) return;
    for (const { first, last } of this.#secondsOf(table).between(minTime, maxTime)) {
      yield* this.#byId(table, { ...range, after: Math.max(after, first - 1), upTo: Math.min(upTo, last) });
    }
  }

  *#byId(table: string, range: EventRange): Generator<StoredEvent> {
    const { after = 0, upTo = NO_ID, minTime = -NO_ID, maxTime = NO_ID, part } = range;
    if (!this.#has(table)) return;
    const statement = this.#statement(table);
    let from = after;
    for (let count = FIRST_READ; from < upTo; count = READ_AT_ONCE) {
      let rows: Row[] = [];
      const read = () => {
        rows = statement.all(from, upTo, minTime, maxTime, count) as unknown as Row[];
        return rows.at(-1)?.[0];
      };
      if (part === undefined) read();
      else part(read);
      for (const row of rows) yield new Kept(row, this.#layout(row[4]));
      const last = rows.at(-1);
      if (last === undefined || rows.length < count) return;
      [from] = last;
    }
  }

  /** Whether there ever was an event of a table; one that was read has been asked before. */
  #has(table: string): boolean {
    return this.#ranges.has(table) || (NAME.test(table) && this.last(table) > 0);
  }

  #statement(table: string): StatementSync {
    let statement = this.#ranges.get(table);
    if (statement !== undefined) return statement;
    statement = this.#database.prepare(
      `SELECT eid, time, occurred / ${SECOND}, occurred % ${SECOND}, layout, cells FROM ${table}
       WHERE eid > ? AND eid <= ? AND time >= ? AND time <= ? ORDER BY eid LIMIT ?`,
    );
    statement.setReturnArrays(true);
    this.#ranges.set(table, statement);
    return statement;
  }

  #secondsOf(table: string): EventSecondsReader {
    let seconds = this.#seconds.get(table);
    if (seconds === undefined) {
      seconds = new EventSecondsReader(this.#database, table);
      this.#seconds.set(table, seconds);
    }
    return seconds;
  }

  #layout(id: number): readonly string[] {
    let names = this.#layouts.get(id);
    if (names === undefined) {
      const row = this.#database.prepare('SELECT names FROM layouts WHERE id = ?').get(id);
      names = JSON.parse(row!['names'] as string) as string[];
      this.#layouts.set(id, names);
    }
    return names;
  }
}

function mustBeWhole(database: DatabaseSync): void {
  const [row] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (row?.quick_check === 'ok') return;
  throw Object.assign(new Error(row?.quick_check ?? 'no answer'), { errcode: CORRUPT });
}

function identityOf(database: DatabaseSync): string {
  return database.prepare('SELECT uuid FROM identity').get()!['uuid'] as string;
}

function lastOf(database: DatabaseSync, table: string): number {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").get();
  if (known === undefined) return 0;
  return (database.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').get(table)?.['seq'] as number) ?? 0;
}
