import { timerMs } from '../base/clock.ts';
import type { RowText } from '../results/row.ts';
import { type Answer, QueryForgiven, QueryHung, type QueryLimits, QueryPutOff, QueryStopped } from './query-outcome.ts';
import { FRESH_SQLITE, type QueryReply, type Unseen } from './query-protocol.ts';
import {
  failure,
  type HungCall,
  newShare,
  type StartThread,
  type Thread,
  type ThreadShare,
  type ThreadWatch,
} from './sql-thread.ts';
import { HANG_MS, lookAt } from './thread-looks.ts';
import type { ThreadUse } from './thread-use.ts';

/** Who asks, and wants to hear what the query uses while it runs. */
export interface Asker {
  readonly name: string;
  /** A thread is there for the query. */
  begins?(): void;
  uses?(use: ThreadUse): void;
}

/** After these a thread may hold much. */
const BEYOND = [QueryStopped, QueryForgiven, QueryPutOff];

/** After this much longer a query that did not stop costs the thread its life: tables ask once a row and once a call. */
const GRACE_MS = 2000;
/** Bytes that SQLite may hold in a thread between queries: a fifth of what the watchdog allows for all. */
const MUCH_HELD = 40 * 1024 * 1024;
/** A thread with more is replaced once in so long: another costs 60 ms, which a query that needs as much each second must not cost. */
const RETIRE_MS = 60_000;
/** A thread starts in 60 ms, and on a machine that swaps in some seconds. */
const START_MS = 60_000;
/** How long a thread that is told to end at the end of the program is waited for. */
const CLOSE_MS = 1000;

const NOBODY: Asker = { name: '' };
const UNWATCHED: ThreadWatch = { hangMs: () => HANG_MS, hangs: async () => {}, givenUp: () => {}, leftAlone: () => [] };

/** The query that runs. */
interface Running {
  readonly asker: Asker;
  /** Stops its timers. */
  clear(): void;
  readonly settle: (reply: QueryReply | Error) => void;
  stop(reason: string): void;
  putOff(): void;
}

/**
 * Runs queries in another thread, one after the other. A query beyond its bounds is stopped; if it does not stop, hangs in
 * the kernel, or takes the thread down with it, the query fails and the agent goes on. A thread whose query was stopped is
 * replaced: only that gives back its memory.
 */
export class QueryThread {
  readonly #start: StartThread;
  readonly #warn: (text: string) => void;
  readonly #watch: ThreadWatch;
  #share: ThreadShare = newShare();
  #thread: Thread | undefined;
  /** CPU of the queries that the thread has done. */
  #spentMs = 0;
  /** Bytes that SQLite holds in it since the last query. */
  #held = FRESH_SQLITE;
  #retired = Number.NEGATIVE_INFINITY;
  #queue: Promise<unknown> = Promise.resolve();
  #next = 1;
  #running: Running | undefined;
  #closed = false;

  constructor(start: StartThread, warn: (text: string) => void, watch = UNWATCHED) {
    this.#start = start;
    this.#warn = warn;
    this.#watch = watch;
  }

  /**
   * Rejects with what went wrong: `QueryStopped` where the query went beyond its bounds, `QueryHung` where it is stuck in
   * the kernel. With `unseen` it sees only those events.
   */
  run(sql: string, limits: QueryLimits = {}, unseen?: Unseen, asker = NOBODY): Promise<Answer> {
    const answer = this.#queue.then(() => this.#run(sql, limits, unseen, asker));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  /** Who asked for the query that runs. */
  get asker(): string | undefined {
    return this.#running?.asker.name;
  }

  /** Stops the query that runs, if one does. */
  stop(reason: string): void {
    this.#running?.stop(reason);
  }

  /** Stops the query that runs as soon as it lets itself be stopped, to run it again later. */
  putOff(): void {
    this.#running?.putOff();
  }

  /** Lets a new thread begin after the queries asked so far: with other options, and without what the old one held. */
  renew(): void {
    this.#queue = this.#queue.then(() => this.#drop());
  }

  /**
   * Stops the query that runs, and the thread; one that hangs is not waited for. Nobody gets an answer from here on, not even
   * an error: who waits for one has nothing more to do, the rest of a schedule least of all.
   */
  async close(): Promise<void> {
    this.#closed = true;
    Atomics.store(this.#share.cancel, 0, 1);
    const thread = this.#thread;
    this.#thread = undefined;
    this.#running?.clear();
    if (thread === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), CLOSE_MS);
    });
    const ended = thread.terminate();
    thread.unref();
    if ((await Promise.race([ended, late])) === 'late') this.#watch.givenUp(thread);
    clearTimeout(timer);
  }

  #run(sql: string, limits: QueryLimits, unseen: Unseen | undefined, asker: Asker): Promise<Answer> {
    if (this.#closed) return new Promise(() => {});
    const { deadlineMs, forgiving = false, characters: most = Number.POSITIVE_INFINITY } = limits;
    const thread = this.#current();
    const id = this.#next++;
    const rows: RowText[] = [];
    const started = performance.now();
    const timers: NodeJS.Timeout[] = [];
    let characters = 0;
    let stopped: Error | undefined;
    const answer = new Promise<Answer>((resolve, reject) => {
      const stop = (why: Error) => {
        if (stopped !== undefined && !(stopped instanceof QueryPutOff)) return;
        stopped = why;
        rows.length = 0;
        Atomics.store(this.#share.cancel, 0, 1);
        // One that hangs is found out by looking at it.
        if (why instanceof QueryPutOff) return;
        timers.push(
          setTimeout(() => {
            why.message += ', and did not stop; its thread was replaced';
            this.#giveUp(thread);
            reject(why);
          }, GRACE_MS),
        );
      };
      // The time that a thread takes to start is no fault of the query.
      const begun = () => {
        clearTimeout(timers[0]);
        asker.begins?.();
        if (deadlineMs === undefined) return;
        const reason = `took longer than ${deadlineMs} ms`;
        const late = () => stop(forgiving ? new QueryForgiven(reason) : new QueryStopped(reason));
        timers.push(setTimeout(late, timerMs(deadlineMs)));
      };
      const settle = (reply: QueryReply | Error) => {
        if (reply instanceof Error) return reject(reply);
        if (reply.kind === 'warning') return this.#warn(reply.text);
        if (reply.id !== id) return;
        if (reply.kind === 'begun') return begun();
        if (reply.kind === 'rows') {
          if (stopped !== undefined) return;
          for (const row of reply.rows) {
            characters += row.length;
            rows.push(row);
          }
          if (characters > most) stop(new QueryForgiven(`returned more than ${most} characters`));
          return;
        }
        const wallMs = performance.now() - started;
        const { held = this.#held } = reply;
        const took = Math.max(0, held - this.#held);
        this.#held = held;
        if (reply.kind === 'done') this.#spentMs += reply.costs.userMs + reply.costs.systemMs;
        if (stopped !== undefined) reject(stopped);
        else if (reply.kind === 'done') resolve({ rows, characters, took, wallMs, seen: reply.seen, ...reply.costs });
        else reject(reply.outOfMemory ? new QueryStopped(reply.message) : new Error(reply.message));
      };
      const hang = ({ operation, path, seconds }: Omit<HungCall, 'query'>) => {
        this.#giveUp(thread);
        const of = path === '' ? '' : ` of ${path}`;
        const hung = new QueryHung(`its thread hangs in ${operation}${of} for ${seconds} s`);
        this.#watch.hangs({ operation, path, seconds, query: asker.name }).then(
          () => reject(hung),
          () => reject(hung),
        );
      };
      const use = (used: ThreadUse) => {
        asker.uses?.(used);
        const { memory = Number.POSITIVE_INFINITY } = limits;
        if (used.memory > memory) stop(new QueryStopped(`needs more than ${Math.round(memory / 1024 / 1024)} MB`));
      };
      const clear = () => {
        for (const timer of timers) clearTimeout(timer);
        clearInterval(looks);
      };
      this.#running = {
        asker,
        clear,
        settle,
        stop: (reason) => stop(new QueryStopped(reason)),
        putOff: () => stop(new QueryPutOff('makes room for others')),
      };
      timers.push(setTimeout(() => this.#lose(thread, new Error('its thread did not start')), START_MS));
      const looks = lookAt({
        thread,
        activity: this.#share.activity,
        hangMs: this.#watch.hangMs(),
        isCurrent: () => this.#thread === thread,
        base: () => [this.#spentMs, this.#held, characters],
        hangs: hang,
        uses: use,
      });
      const leftAlone = this.#watch.leftAlone();
      thread.postMessage({ id, sql, unseen, ...(leftAlone.length > 0 && { leftAlone }) });
    });
    return answer
      .catch((cause: Error) => {
        if (BEYOND.some((kind) => cause instanceof kind)) this.#drop();
        throw cause;
      })
      .finally(() => {
        this.#running?.clear();
        this.#running = undefined;
        this.#retire();
      });
  }

  #current(): Thread {
    if (this.#thread !== undefined) return this.#thread;
    this.#share = newShare();
    this.#spentMs = 0;
    this.#held = FRESH_SQLITE;
    const thread = this.#start(this.#share);
    this.#thread = thread;
    thread.on('message', (reply) => {
      if (this.#thread === thread) this.#running?.settle(reply);
    });
    thread.on('error', (cause) => this.#lose(thread, failure(cause)));
    thread.on('exit', () => this.#lose(thread, new Error('its thread ended')));
    return thread;
  }

  /** The next query gets a new one. */
  #lose(thread: Thread, cause: Error): void {
    if (this.#thread !== thread) return;
    this.#drop();
    this.#running?.settle(cause);
  }

  /** A thread in which SQLite holds much is replaced: only that gives it back. */
  #retire(): void {
    if (this.#held < MUCH_HELD || performance.now() - this.#retired < RETIRE_MS) return;
    this.#retired = performance.now();
    this.#drop();
  }

  /** It may never end. */
  #giveUp(thread: Thread): void {
    if (this.#thread !== thread) return;
    this.#drop();
    thread.unref();
    this.#watch.givenUp(thread);
  }

  #drop(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
  }
}
