import type { LeftAlone } from '../host/left-alone.ts';
import { LEFT_ALONE_MS } from './hang.ts';
import type { HungPlace } from './hung-place.ts';
import type { Answer, QueryLimits } from './query-outcome.ts';
import type { Unseen } from './query-protocol.ts';
import { type Asker, QueryThread } from './query-thread.ts';
import type { HungCall, StartThread, Thread, ThreadWatch } from './sql-thread.ts';

/** Threads that run SQL at the same time: one, and one beside a query that is late. */
export const MAX_THREADS = 2;
/** Threads that were given up and have not ended: each keeps its memory. At the next one the program starts anew. */
const MAX_GIVEN_UP = 3;
/** Milliseconds after which a second thread ends that nobody needed: another costs 60 ms, and this one some 20 MB. */
const SPARE_MS = 10_000;
/** Places at most: the oldest go first. Each is looked at once a call. */
const MAX_PLACES = 100;

export interface QueryThreadsParts {
  readonly start: StartThread;
  /** A query warns. */
  readonly warn: (text: string) => void;
  /** A thread hangs. */
  readonly say: (severity: 'WARNING' | 'ERROR', text: string) => void;
  readonly hangMs: () => number;
  /** Where a path leads; must never hang itself. */
  readonly placeOf: (path: string) => Promise<HungPlace>;
  /** Places that an agent before this one left alone. */
  readonly leftAlone: readonly LeftAlone[];
  /** Keeps them for the next one. */
  readonly keep: (places: readonly LeftAlone[]) => void;
  /** Too many threads hang: this process had better end. */
  readonly tooMany: () => void;
}

/** A query that waits for a thread. */
interface Waiting {
  begin(thread: QueryThread): void;
}

/**
 * Runs queries in one thread, and in a second one while the first is busy. A thread that hangs is given up and replaced, and
 * where it hangs is left alone for a while.
 */
export class QueryThreads implements ThreadWatch {
  readonly #parts: QueryThreadsParts;
  readonly #threads: QueryThread[] = [];
  readonly #busy = new Set<QueryThread>();
  readonly #waiting: Waiting[] = [];
  readonly #givenUp = new Set<Thread>();
  #places: readonly LeftAlone[];
  #spare: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: QueryThreadsParts) {
    this.#parts = parts;
    this.#places = parts.leftAlone;
  }

  /** As `QueryThread.run`. Where all threads are busy it waits for one. */
  async run(sql: string, limits: QueryLimits = {}, unseen?: Unseen, asker?: Asker): Promise<Answer> {
    const thread = await this.#free();
    try {
      return await thread.run(sql, limits, unseen, asker);
    } finally {
      this.#done(thread);
    }
  }

  /** Stops the query that runs for somebody. */
  stop(name: string, reason: string): void {
    for (const thread of this.#threads) if (thread.asker === name) thread.stop(reason);
  }

  /** Has the query that runs for somebody make room. */
  putOff(name: string): void {
    for (const thread of this.#threads) if (thread.asker === name) thread.putOff();
  }

  /** Lets new threads begin after what runs now. */
  renew(): void {
    for (const thread of this.#threads) thread.renew();
  }

  /** As `QueryThread.close`, of all of them. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#spare);
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** Threads that were given up and have not ended. */
  get hanging(): number {
    return this.#givenUp.size;
  }

  hangMs(): number {
    return this.#parts.hangMs();
  }

  leftAlone(): readonly LeftAlone[] {
    const now = Date.now();
    if (this.#places.some(({ until }) => until <= now)) {
      this.#places = this.#places.filter(({ until }) => until > now);
      this.#parts.keep(this.#places);
    }
    return this.#places;
  }

  givenUp(thread: Thread): void {
    this.#givenUp.add(thread);
    thread.on('exit', () => this.#givenUp.delete(thread));
    if (this.#closed || this.#givenUp.size <= MAX_GIVEN_UP) return;
    this.#parts.say(
      'ERROR',
      `${this.#givenUp.size} SQL threads hang: this process ends, and its watcher starts another`,
    );
    this.#parts.tooMany();
  }

  async hangs({ operation, path, seconds, query }: HungCall): Promise<void> {
    const { say, placeOf, keep } = this.#parts;
    const lost = query === '' ? '' : `; query ${query} has no answer this time`;
    // A directory service has no path: to leave it alone would be to leave all accounts alone.
    if (path === '') return say('WARNING', `SQL thread hangs in ${operation} for ${seconds} s${lost}`);
    const { name, paths } = await placeOf(path);
    const until = Date.now() + LEFT_ALONE_MS;
    const others = this.leftAlone().filter((place) => !paths.includes(place.path));
    this.#places = [...others, ...paths.map((place) => ({ path: place, until }))].slice(-MAX_PLACES);
    keep(this.#places);
    say(
      'WARNING',
      `SQL thread hangs in ${operation} of ${path} for ${seconds} s; ${name} is left alone for ${LEFT_ALONE_MS / 1000} s${lost}`,
    );
  }

  #free(): Promise<QueryThread> {
    let thread = this.#threads.find((candidate) => !this.#busy.has(candidate));
    if (thread === undefined && this.#threads.length < MAX_THREADS) {
      thread = new QueryThread(this.#parts.start, this.#parts.warn, this);
      this.#threads.push(thread);
    }
    if (thread === undefined) return new Promise((begin) => this.#waiting.push({ begin }));
    this.#busy.add(thread);
    return Promise.resolve(thread);
  }

  #done(thread: QueryThread): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.begin(thread);
      return;
    }
    this.#busy.delete(thread);
    if (this.#closed || this.#threads.length < MAX_THREADS || this.#busy.size > 0) return;
    clearTimeout(this.#spare);
    this.#spare = setTimeout(() => this.#dropSpare(), SPARE_MS).unref();
  }

  /** All but the first. */
  #dropSpare(): void {
    if (this.#busy.size > 0) return;
    for (const thread of this.#threads.splice(1)) thread.renew();
  }
}
