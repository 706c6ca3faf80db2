import { timerMs } from '../base/clock.ts';
import type { RowText } from '../results/row.ts';
import type { QueryReply, QueryRequest, SeenEvents, ThreadCosts, Unseen } from './query-protocol.ts';

/** A thread, as `Worker` is one. */
export interface Thread {
  on(event: 'message', listener: (reply: QueryReply) => void): unknown;
  on(event: 'error', listener: (cause: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  postMessage(request: QueryRequest): void;
  terminate(): Promise<unknown>;
}

/** Starts a thread; `cancel` is shared with it, not 0 stops its query. */
export type StartThread = (cancel: Int32Array) => Thread;

export interface Answer extends ThreadCosts {
  readonly rows: readonly RowText[];
  /** In all rows. */
  readonly characters: number;
  readonly wallMs: number;
  /** Of the events; undefined for a query that reads none. */
  readonly seen?: SeenEvents | undefined;
}

/** Bounds of one query. */
export interface QueryLimits {
  /** Without it a query may take for ever. */
  readonly deadlineMs?: number | undefined;
  /** Characters of all rows. */
  readonly characters?: number | undefined;
}

/** A query that went beyond a bound and was stopped for it. */
export class QueryStopped extends Error {
  override readonly name = 'QueryStopped';
}

/** After this much longer a query that did not stop costs the thread its life. */
const GRACE_MS = 5000;

/** The query that runs. */
interface Running {
  readonly id: number;
  readonly timers: readonly NodeJS.Timeout[];
  readonly settle: (reply: QueryReply | Error) => void;
  stop(reason: string): void;
}

/**
 * Runs queries in another thread, one after the other. A query beyond its bounds is stopped; if it does not stop, or takes
 * the thread down with it, the query fails and the agent goes on. A thread whose query was stopped is replaced: only that
 * gives back its memory.
 */
export class QueryThread {
  readonly #start: StartThread;
  readonly #warn: (text: string) => void;
  #cancel = new Int32Array(new SharedArrayBuffer(4));
  #thread: Thread | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #next = 1;
  #running: Running | undefined;
  #closed = false;

  constructor(start: StartThread, warn: (text: string) => void) {
    this.#start = start;
    this.#warn = warn;
  }

  /**
   * Rejects with what went wrong, `QueryStopped` where the query went beyond its bounds. With `unseen` it sees only
   * those events.
   */
  run(sql: string, limits: QueryLimits = {}, unseen?: Unseen): Promise<Answer> {
    const answer = this.#queue.then(() => this.#run(sql, limits, unseen));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  /** Stops the query that runs, if one does. */
  stop(reason: string): void {
    this.#running?.stop(reason);
  }

  /** Lets a new thread begin after the queries asked so far: with other options, and without what the old one held. */
  renew(): void {
    this.#queue = this.#queue.then(() => this.#drop());
  }

  /**
   * Stops the query that runs, and the thread. Nobody gets an answer from here on, not even an error: who waits for one has
   * nothing more to do, the rest of a schedule least of all.
   */
  async close(): Promise<void> {
    this.#closed = true;
    Atomics.store(this.#cancel, 0, 1);
    const thread = this.#thread;
    this.#thread = undefined;
    for (const timer of this.#running?.timers ?? []) clearTimeout(timer);
    await thread?.terminate();
  }

  #run(
    sql: string,
    { deadlineMs, characters: most = Number.POSITIVE_INFINITY }: QueryLimits,
    unseen: Unseen | undefined,
  ): Promise<Answer> {
    if (this.#closed) return new Promise(() => {});
    const thread = this.#current();
    const id = this.#next++;
    const rows: RowText[] = [];
    const started = performance.now();
    const timers: NodeJS.Timeout[] = [];
    let characters = 0;
    let stopped: string | undefined;
    const answer = new Promise<Answer>((resolve, reject) => {
      const stop = (reason: string) => {
        if (stopped !== undefined) return;
        stopped = reason;
        rows.length = 0;
        Atomics.store(this.#cancel, 0, 1);
        const lost = new QueryStopped(`${reason}, and did not stop; its thread was replaced`);
        timers.push(setTimeout(() => this.#lose(thread, lost), GRACE_MS));
      };
      const settle = (reply: QueryReply | Error) => {
        if (reply instanceof Error) return reject(reply);
        if (reply.kind === 'warning') return this.#warn(reply.text);
        if (reply.id !== id) return;
        if (reply.kind === 'rows') {
          if (stopped !== undefined) return;
          for (const row of reply.rows) {
            characters += row.length;
            rows.push(row);
          }
          if (characters > most) stop(`returned more than ${most} characters`);
          return;
        }
        const wallMs = performance.now() - started;
        if (stopped !== undefined) reject(new QueryStopped(stopped));
        else if (reply.kind === 'done') resolve({ rows, characters, wallMs, seen: reply.seen, ...reply.costs });
        else reject(reply.outOfMemory ? new QueryStopped(reply.message) : new Error(reply.message));
      };
      this.#running = { id, timers, settle, stop };
      if (deadlineMs !== undefined)
        timers.push(setTimeout(() => stop(`took longer than ${deadlineMs} ms`), timerMs(deadlineMs)));
      thread.postMessage({ id, sql, unseen });
    });
    return answer
      .catch((cause: Error) => {
        if (cause instanceof QueryStopped) this.#drop();
        throw cause;
      })
      .finally(() => {
        for (const timer of timers) clearTimeout(timer);
        this.#running = undefined;
      });
  }

  #current(): Thread {
    if (this.#thread !== undefined) return this.#thread;
    this.#cancel = new Int32Array(new SharedArrayBuffer(4));
    const thread = this.#start(this.#cancel);
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

  #drop(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
  }
}

function failure(cause: Error): Error {
  if ((cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new QueryStopped('needs too much memory');
  return new Error(`its thread failed: ${cause.message}`);
}
