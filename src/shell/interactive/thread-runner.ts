import { UserError } from '../../base/errors.ts';
import { SqlError } from '../../engine/errors.ts';
import type { TraceEntry } from '../../engine/trace.ts';
import { Cancelled, type ColumnInfo, type ResultSink, type SqlRunner } from '../runner.ts';
import { type Answer, type Reply, type Request, SHARED } from './protocol.ts';

/** A thread, as `Worker` of Node has it. */
export interface Thread {
  on(event: 'message', listener: (reply: Reply) => void): unknown;
  on(event: 'error', listener: (cause: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  postMessage(request: Request): void;
  terminate(): Promise<unknown>;
  /** Lets the program end before it. */
  unref(): void;
}

/** How long a query may take to stop that is told to: tables ask once a row and once a call. */
export const GRACE_MS = 1000;

/** Runs SQL in another thread, so that the prompt stays alive and Ctrl-C stops the query, not the shell. */
export class ThreadRunner implements SqlRunner {
  readonly #start: () => Thread;
  readonly #shared: Int32Array;
  readonly #warn: (text: string) => void;
  #thread: Thread | undefined;
  #traced = false;
  #queue: Promise<unknown> = Promise.resolve();
  #listener: ((reply: Reply) => void) | undefined;
  #fail: ((cause: Error) => void) | undefined;
  #grace: NodeJS.Timeout | undefined;
  readonly #deadlineMs: number;
  #looks: NodeJS.Timeout | undefined;

  /**
   * `start` makes a thread that serves requests, with `shared` in common. It begins at once, to be there when asked. After
   * `deadlineMs` the thread stops a statement by itself; 0 for never.
   */
  constructor(start: () => Thread, shared: Int32Array, warn: (text: string) => void, deadlineMs = 0) {
    this.#start = start;
    this.#shared = shared;
    this.#warn = warn;
    this.#deadlineMs = deadlineMs;
    this.#begin();
  }

  async run(sql: string, sink: ResultSink): Promise<void> {
    await this.#ask({ kind: 'run', sql, traced: this.#traced }, sink);
  }

  async describe(sql: string): Promise<readonly ColumnInfo[]> {
    return (await this.#ask({ kind: 'describe', sql })) as readonly ColumnInfo[];
  }

  async trace(): Promise<readonly TraceEntry[]> {
    return (await this.#ask({ kind: 'trace' })) as readonly TraceEntry[];
  }

  async setTraced(on: boolean): Promise<void> {
    this.#traced = on;
  }

  async tables(): Promise<readonly string[]> {
    return (await this.#ask({ kind: 'tables' })) as readonly string[];
  }

  async ddl(table: string): Promise<string | undefined> {
    return (await this.#ask({ kind: 'ddl', table })) as string | undefined;
  }

  async columnsOf(table: string): Promise<readonly string[]> {
    return (await this.#ask({ kind: 'columnsOf', table })) as readonly string[];
  }

  async namedTables(): Promise<readonly string[]> {
    return (await this.#ask({ kind: 'namedTables' })) as readonly string[];
  }

  /** Stops what runs; one that does not stop in time costs the thread. */
  cancel(): void {
    Atomics.store(this.#shared, SHARED.cancel, 1);
    if (this.#fail === undefined) return;
    this.#grace ??= setTimeout(() => this.#giveUp(), GRACE_MS);
  }

  /** Never waits for a thread that hangs. */
  async close(): Promise<void> {
    this.cancel();
    await this.#queue;
    if (this.#thread === undefined) return;
    const closed = this.#ask({ kind: 'close' });
    this.#grace ??= setTimeout(() => this.#giveUp(), GRACE_MS);
    await closed.catch(() => undefined);
    await this.#thread?.terminate();
  }

  /** A step of SQLite that takes minutes, or a call of the kernel that never returns. */
  #giveUp(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
    thread?.unref();
    this.#fail?.(
      new UserError('interrupted: the query did not stop; its thread was replaced, and temporary tables are lost'),
    );
  }

  #begin(): Thread {
    this.#shared.fill(0);
    const thread = this.#start();
    this.#thread = thread;
    const ended = (reason: string) => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      // The next request gets a new thread: a query that was too much costs the session its temporary tables, no more.
      this.#fail?.(new UserError(`the thread that runs SQL has ended${reason}`));
    };
    thread.on('message', (reply) => {
      if (this.#thread === thread) this.#listener?.(reply);
    });
    thread.on('error', (cause) => ended(`: ${cause.message}`));
    thread.on('exit', () => ended(''));
    return thread;
  }

  /** One request after the other. */
  #ask(request: Request, sink?: ResultSink): Promise<Answer> {
    const answer = this.#queue.then(() => this.#perform(request, sink).finally(() => this.#performed()));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  /** A statement that passes its deadline and does not stop is found out by looking: its thread can do nothing about it. */
  #look(): void {
    if (this.#deadlineMs === 0) return;
    let [statement, since] = [0, performance.now()];
    this.#looks = setInterval(() => {
      const now = Atomics.load(this.#shared, SHARED.statement);
      if (now === 0 || now !== statement) [statement, since] = [now, performance.now()];
      else if (performance.now() - since > this.#deadlineMs) this.#giveUp();
    }, GRACE_MS);
  }

  #performed(): void {
    clearTimeout(this.#grace);
    clearInterval(this.#looks);
    this.#grace = undefined;
    this.#fail = undefined;
    this.#listener = undefined;
  }

  #perform(request: Request, sink: ResultSink | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const thread = this.#thread ?? this.#begin();
      Atomics.store(this.#shared, SHARED.cancel, 0);
      this.#fail = reject;
      this.#listener = (reply) => {
        switch (reply.kind) {
          case 'columns':
            return sink?.columns(reply.names);
          case 'rows':
            // Those that were under way when somebody pressed Ctrl-C are not shown.
            if (!this.#cancelled) for (const row of reply.rows) sink?.row(row);
            Atomics.sub(this.#shared, SHARED.outstanding, 1);
            return void Atomics.notify(this.#shared, SHARED.outstanding);
          case 'warning':
            return this.#warn(reply.text);
          case 'done':
            return resolve(reply.answer);
          case 'failed':
            return reject(this.#errorOf(reply));
        }
      };
      this.#look();
      thread.postMessage(request);
    });
  }

  get #cancelled(): boolean {
    return Atomics.load(this.#shared, SHARED.cancel) !== 0;
  }

  #errorOf({ message, code }: Extract<Reply, { kind: 'failed' }>): UserError {
    if (code === undefined) return new UserError(message);
    const cancelled = new Cancelled();
    return code === cancelled.code && this.#cancelled ? cancelled : new SqlError(message, code);
  }
}
