import type { RowText } from '../results/row.ts';
import type { QueryReply, QueryRequest } from './query-protocol.ts';

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

export interface Answer {
  readonly rows: readonly RowText[];
  /** CPU time of the thread. */
  readonly userMs: number;
  readonly systemMs: number;
  readonly wallMs: number;
}

/** After this much longer than its deadline a query that did not stop costs the thread its life. */
const GRACE_MS = 5000;

/**
 * Runs queries in another thread, one after the other. A query over its deadline is stopped; if it does not stop, or takes
 * the thread down with it, the thread is replaced: the query fails, the agent goes on.
 */
export class QueryThread {
  readonly #start: StartThread;
  readonly #warn: (text: string) => void;
  readonly #cancel = new Int32Array(new SharedArrayBuffer(4));
  #thread: Thread | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #next = 1;
  #settle: ((reply: QueryReply | Error) => void) | undefined;

  constructor(start: StartThread, warn: (text: string) => void) {
    this.#start = start;
    this.#warn = warn;
  }

  /** Rejects with what went wrong. Without `deadlineMs` a query may take for ever. */
  run(sql: string, deadlineMs?: number): Promise<Answer> {
    const answer = this.#queue.then(() => this.#run(sql, deadlineMs));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  /** Stops the query that runs, and the thread. */
  async close(): Promise<void> {
    Atomics.store(this.#cancel, 0, 1);
    const thread = this.#thread;
    this.#thread = undefined;
    this.#settle?.(new Error('the agent ends'));
    await thread?.terminate();
  }

  #run(sql: string, deadlineMs: number | undefined): Promise<Answer> {
    const thread = this.#current();
    const id = this.#next++;
    const rows: RowText[] = [];
    const started = performance.now();
    let overdue = false;
    const timers: NodeJS.Timeout[] = [];
    Atomics.store(this.#cancel, 0, 0);
    return new Promise<Answer>((resolve, reject) => {
      this.#settle = (reply) => {
        if (reply instanceof Error) return reject(reply);
        if (reply.id !== id) return;
        if (reply.kind === 'warning') return this.#warn(reply.text);
        if (reply.kind === 'rows') return void rows.push(...reply.rows);
        const wallMs = performance.now() - started;
        if (reply.kind === 'done') resolve({ rows, userMs: reply.userMs, systemMs: reply.systemMs, wallMs });
        else reject(new Error(overdue ? `took longer than ${deadlineMs} ms` : reply.message));
      };
      if (deadlineMs !== undefined) {
        timers.push(
          setTimeout(() => {
            overdue = true;
            Atomics.store(this.#cancel, 0, 1);
          }, deadlineMs),
        );
        timers.push(
          setTimeout(() => {
            this.#lose(
              thread,
              new Error(`took longer than ${deadlineMs} ms and did not stop; its thread was replaced`),
            );
          }, deadlineMs + GRACE_MS),
        );
      }
      thread.postMessage({ id, sql });
    }).finally(() => {
      for (const timer of timers) clearTimeout(timer);
      this.#settle = undefined;
    });
  }

  #current(): Thread {
    if (this.#thread !== undefined) return this.#thread;
    const thread = this.#start(this.#cancel);
    this.#thread = thread;
    thread.on('message', (reply) => {
      if (this.#thread === thread) this.#settle?.(reply);
    });
    thread.on('error', (cause) => this.#lose(thread, new Error(`its thread failed: ${cause.message}`)));
    thread.on('exit', () => this.#lose(thread, new Error('its thread ended')));
    return thread;
  }

  /** The next query gets a new one. */
  #lose(thread: Thread, cause: Error): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#settle?.(cause);
    void thread.terminate();
  }
}
