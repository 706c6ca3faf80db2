import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { isRefusal } from './damaged.ts';
import { eventsOf, firstOf, type KeptEvent, MOST_EVENTS, type Pack } from './event-pack.ts';
import { EventSeconds, EventSecondsReader, type Ids, NO_ID } from './event-seconds.ts';

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
  /** Of all that is kept of them. */
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
/** Events removed at once: 1,000 of 600 bytes take 1.4 ms. */
const DELETED_AT_ONCE = 1000;
/** Seconds of which events are removed at once. */
const SECONDS_AT_ONCE = 100;
/** Packs read at once at most; at first one, as a query may want only some events. */
const READ_AT_ONCE = 256;
/** Bytes that are read at once, about. */
const MUCH = 256 * 1024;
/** KiB of pages that are kept in memory: events are written at the end and read in order, so more than a commit's help nobody. */
const CACHE = 768;
/** `SQLITE_CORRUPT`. */
const CORRUPT = 11;
/** "osqe": tells our files from other SQLite databases. */
const APPLICATION_ID = 0x6f737165;
/** Of the tables and of what is in them. */
const VERSION = 2;

interface Statements {
  readonly append: StatementSync;
  readonly last: StatementSync;
  readonly packs: StatementSync;
  readonly content: StatementSync;
  readonly remove: StatementSync;
  readonly shorten: StatementSync;
  readonly seconds: EventSeconds;
}

/** A pack as it was read: the id of its last event, and how all were kept. */
type Row = readonly [eid: number, time: number, form: number, bytes: Uint8Array];

/** A pack without what is in it. */
interface PackSize {
  readonly eid: number;
  readonly events: number;
  readonly bytes: number;
}

/** The first events of a range. */
interface First {
  /** The last of them. */
  readonly last: number | undefined;
  readonly events: number;
  readonly bytes: number;
}

/**
 * Events in the order in which they were heard, a table each. Ids only grow, also over restarts and after all events have
 * gone. One thread writes, others read at the same time (`EventReader`).
 */
export class EventStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statements>();
  readonly #counts = new Map<string, { rows: number; bytes: number }>();
  readonly #forms = new Map<string, number>();

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
      mustBeOfThisVersion(database);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}`);
      database.exec('CREATE TABLE IF NOT EXISTS forms (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT');
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
    // A row for each pack, under the id of its last event.
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (
         eid INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, events INTEGER NOT NULL,
         form INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT`,
    );
    this.#raise(table, known);
    this.#statements.set(table, {
      append: database.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?)`),
      last: database.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?'),
      packs: database.prepare(
        `SELECT eid, events, octet_length(bytes) AS bytes FROM ${table} WHERE eid >= ? ORDER BY eid`,
      ),
      content: database.prepare(`SELECT bytes FROM ${table} WHERE eid = ?`),
      remove: database.prepare(`DELETE FROM ${table} WHERE eid >= ? AND eid <= ?`),
      shorten: database.prepare(`UPDATE ${table} SET events = ?, bytes = ? WHERE eid = ?`),
      seconds: new EventSeconds(database, table),
    });
    const counts = database.prepare(
      `SELECT ifnull(sum(events), 0) AS rows, ifnull(sum(octet_length(bytes)), 0) AS bytes FROM ${table}`,
    );
    this.#counts.set(table, { ...(counts.get() as unknown as EventCounts) });
  }

  /** Keeps events, all or none of them. `form`: how they were made bytes of, for whoever reads them. */
  append(table: string, form: string, packs: readonly Pack[]): void {
    const { append, last, seconds } = this.#of(table);
    const formId = this.#form(form);
    this.#transaction(() => {
      let eid = (last.get(table)?.['seq'] as number | undefined) ?? 0;
      for (const { time, events, bytes } of packs) {
        seconds.add(eid + 1, time);
        eid += events;
        append.run(eid, time, events, formId, bytes);
      }
    });
    const counts = this.#counts.get(table)!;
    for (const { events, bytes } of packs) {
      counts.rows += events;
      counts.bytes += bytes.length;
    }
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
    const gone = this.#ifTaken({ events: 0, bytes: 0 }, () => {
      let [events, bytes] = [0, 0];
      for (const run of seconds.old(before, upTo, SECONDS_AT_ONCE)) {
        const last = Math.min(run.last ?? NO_ID, upTo);
        const most = { events: DELETED_AT_ONCE - events, bytes: NO_ID };
        const some = this.#removeFirst(table, { first: run.first, last }, most);
        events += some.events;
        bytes += some.bytes;
        if (some.events === most.events) break;
        if (last === run.last) seconds.remove(run);
      }
      return { events, bytes };
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
    const beyond = { rows: counts.rows - rows, bytes: counts.bytes - bytes };
    if (beyond.rows <= 0 && beyond.bytes <= 0) return { cause: undefined, events: 0, last: 0 };
    const cause = beyond.rows > 0 ? 'rows' : 'bytes';
    const most =
      cause === 'rows'
        ? { events: Math.min(beyond.rows, DELETED_AT_ONCE), bytes: NO_ID }
        : { events: DELETED_AT_ONCE, bytes: beyond.bytes };
    const { seconds } = this.#of(table);
    const gone = this.#ifTaken({ last: undefined, events: 0, bytes: 0 }, () => {
      const some: First = this.#removeFirst(table, { first: 0, last: NO_ID }, most);
      if (some.last !== undefined) seconds.removeUpTo(some.last);
      return some;
    });
    this.#removed(table, gone);
    return { cause, events: gone.events, last: gone.last ?? 0 };
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /**
   * Removes the first events of a range, at most so many, and no more once they have so many bytes. No pack begins before the
   * range.
   */
  #removeFirst(table: string, { first, last }: Ids, most: { readonly events: number; readonly bytes: number }): First {
    const { packs, remove } = this.#of(table);
    let [whole, events, bytes] = [undefined as number | undefined, 0, 0];
    let next: PackSize | undefined;
    for (const pack of packs.iterate(first) as Iterable<unknown> as Iterable<PackSize>) {
      next = pack;
      if (pack.eid > last || events + pack.events > most.events || bytes + pack.bytes > most.bytes) break;
      whole = pack.eid;
      events += pack.events;
      bytes += pack.bytes;
    }
    if (whole !== undefined) remove.run(first, whole);
    if (next === undefined || next.eid === whole) return { last: whole, events, bytes };
    // Those of the next one that are still to go.
    const before = next.eid - next.events;
    const part = this.#shorten(table, next, Math.min(most.events - events, last - before), most.bytes - bytes);
    const removed = part.events > 0 ? before + part.events : whole;
    return { last: removed, events: events + part.events, bytes: bytes + part.bytes };
  }

  /** Removes the first events of a pack, at most so many, and no more once they have so many bytes. */
  #shorten(table: string, { eid, events }: PackSize, most: number, mostBytes: number): Omit<First, 'last'> {
    if (most <= 0 || mostBytes <= 0) return { events: 0, bytes: 0 };
    const { content, shorten } = this.#of(table);
    const bytes = bufferOf(content.get(eid)!['bytes'] as Uint8Array);
    const gone = firstOf(bytes, most, mostBytes);
    shorten.run(events - gone.events, bytes.subarray(gone.bytes), eid);
    return gone;
  }

  #removed(table: string, { events, bytes }: Pick<First, 'events' | 'bytes'>): void {
    const counts = this.#counts.get(table)!;
    counts.rows -= events;
    counts.bytes -= bytes;
  }

  #of(table: string): Statements {
    const statements = this.#statements.get(table);
    if (statements === undefined) throw new Error(`${table} is not open`);
    return statements;
  }

  #form(name: string): number {
    let id = this.#forms.get(name);
    if (id === undefined) {
      this.#database.prepare('INSERT OR IGNORE INTO forms (name) VALUES (?)').run(name);
      id = this.#database.prepare('SELECT id FROM forms WHERE name = ?').get(name)!['id'] as number;
      this.#forms.set(name, id);
    }
    return id;
  }

  #raise(table: string, known: number): void {
    if (known <= this.last(table)) return;
    const sequence = this.#database.prepare('UPDATE sqlite_sequence SET seq = ? WHERE name = ?').run(known, table);
    if (sequence.changes === 0) this.#database.prepare('INSERT INTO sqlite_sequence VALUES (?, ?)').run(table, known);
  }

  /** What `work` removed; nothing where the disk takes not even that. Whoever hears events goes on hearing them. */
  #ifTaken<T>(nothing: T, work: () => T): T {
    try {
      return this.#transaction(work);
    } catch (cause) {
      if (isRefusal(cause)) return nothing;
      throw cause;
    }
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
  readonly #opened: DatabaseSync | undefined;
  readonly #failure: unknown;
  readonly #ranges = new Map<string, StatementSync>();
  readonly #seconds = new Map<string, EventSecondsReader>();
  readonly #forms = new Map<number, string>();

  /** Where the file cannot be opened, that is an error of who asks for events: other queries go on. */
  constructor(path: string) {
    try {
      this.#opened = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
      this.#opened.exec(`PRAGMA cache_size = -${CACHE}`);
    } catch (cause) {
      this.#failure = cause;
    }
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
  range(table: string, range: EventRange = {}): Generator<KeptEvent> {
    const { after = 0, minTime, maxTime } = range;
    const byTime = (range.byTime ?? after === 0) && (minTime !== undefined || maxTime !== undefined);
    // Not one that hands on what another gives: that costs as much as to read.
    return byTime ? this.#byTime(table, range) : this.#byId(table, range);
  }

  [Symbol.dispose](): void {
    if (this.#opened?.isOpen) this.#opened.close();
  }

  get #database(): DatabaseSync {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#opened!;
  }

  *#byTime(table: string, range: EventRange): Generator<KeptEvent> {
    const { after = 0, upTo = NO_ID, minTime = -NO_ID, maxTime = NO_ID } = range;
    if (!this.#has(table)) return;
    for (const { first, last } of this.#secondsOf(table).between(minTime, maxTime)) {
      yield* this.#byId(table, { ...range, after: Math.max(after, first - 1), upTo: Math.min(upTo, last) });
    }
  }

  *#byId(table: string, range: EventRange): Generator<KeptEvent> {
    const { after = 0, upTo = NO_ID, minTime = -NO_ID, maxTime = NO_ID, part } = range;
    if (!this.#has(table)) return;
    const statement = this.#statement(table);
    let from = after;
    let count = 1;
    while (from < upTo) {
      let packs: Row[] = [];
      const read = () => {
        packs = statement.all(from, upTo + MOST_EVENTS, minTime, maxTime, count) as unknown as Row[];
        const last = packs.at(-1);
        return last && Math.min(last[0], upTo);
      };
      if (part === undefined) read();
      else part(read);
      for (const [eid, time, form, content] of packs) {
        const events = eventsOf({ last: eid, time, form: this.#form(form), bytes: bufferOf(content) });
        for (const event of events) if (event.eid > from && event.eid <= upTo) yield event;
        from = eid;
      }
      if (packs.length < count) return;
      const size = packs.reduce((sum, [, , , content]) => sum + content.length, 1);
      count = Math.min(Math.ceil((count * MUCH) / size), READ_AT_ONCE);
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
      `SELECT eid, time, form, bytes FROM ${table}
       WHERE eid > ? AND eid < ? AND time >= ? AND time <= ? ORDER BY eid LIMIT ?`,
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

  #form(id: number): string {
    let name = this.#forms.get(id);
    if (name === undefined) {
      name = this.#database.prepare('SELECT name FROM forms WHERE id = ?').get(id)!['name'] as string;
      this.#forms.set(id, name);
    }
    return name;
  }
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** A file of another version has other tables. What is in it is not lost: it is moved aside like one that is damaged. */
function mustBeOfThisVersion(database: DatabaseSync): void {
  const isNew = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (isNew || version === VERSION) return;
  throw Object.assign(new Error(`events of version ${version}, this one writes ${VERSION}`), { errcode: CORRUPT });
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
