import type { Worker } from 'node:worker_threads';
import { UserError } from '../../base/errors.ts';
import { SqlError } from '../../engine/errors.ts';
import type { TraceEntry } from '../../engine/trace.ts';
import type { ColumnInfo, ResultSink, SqlRunner } from '../runner.ts';
import { type Answer, type Reply, type Request, SHARED } from './protocol.ts';

/** Runs SQL in another thread, so that the prompt stays alive and Ctrl-C stops the query, not the shell. */
export class ThreadRunner implements SqlRunner {
  readonly #worker: Worker;
  readonly #shared: Int32Array;
  readonly #warn: (text: string) => void;
  #queue: Promise<unknown> = Promise.resolve();
  #listener: ((reply: Reply) => void) | undefined;
  #fail: ((cause: Error) => void) | undefined;

  /** `shared` is the thread's, too. */
  constructor(worker: Worker, shared: Int32Array, warn: (text: string) => void) {
    this.#worker = worker;
    this.#shared = shared;
    this.#warn = warn;
    worker.on('message', (reply: Reply) => this.#listener?.(reply));
    worker.on('error', (cause: Error) => this.#fail?.(cause));
    worker.on('exit', () => this.#fail?.(new UserError('the thread that runs SQL has ended')));
  }

  async run(sql: string, sink: ResultSink): Promise<void> {
    await this.#ask({ kind: 'run', sql }, sink);
  }

  async describe(sql: string): Promise<readonly ColumnInfo[]> {
    return (await this.#ask({ kind: 'describe', sql })) as readonly ColumnInfo[];
  }

  async trace(): Promise<readonly TraceEntry[]> {
    return (await this.#ask({ kind: 'trace' })) as readonly TraceEntry[];
  }

  async setTraced(on: boolean): Promise<void> {
    await this.#ask({ kind: 'traced', on });
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

  cancel(): void {
    Atomics.store(this.#shared, SHARED.cancel, 1);
  }

  async close(): Promise<void> {
    this.cancel();
    await this.#ask({ kind: 'close' });
    this.#fail = undefined;
    await this.#worker.terminate();
  }

  /** One request after the other. */
  #ask(request: Request, sink?: ResultSink): Promise<Answer> {
    const answer = this.#queue.then(() => this.#perform(request, sink));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  #perform(request: Request, sink: ResultSink | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      Atomics.store(this.#shared, SHARED.cancel, 0);
      this.#fail = reject;
      this.#listener = (reply) => {
        switch (reply.kind) {
          case 'columns':
            return sink?.columns(reply.names);
          case 'rows':
            for (const row of reply.rows) sink?.row(row);
            Atomics.sub(this.#shared, SHARED.outstanding, 1);
            return void Atomics.notify(this.#shared, SHARED.outstanding);
          case 'warning':
            return this.#warn(reply.text);
          case 'done':
            return resolve(reply.answer);
          case 'failed':
            return reject(
              reply.code === undefined ? new UserError(reply.message) : new SqlError(reply.message, reply.code),
            );
        }
      };
      this.#worker.postMessage(request);
    });
  }
}
