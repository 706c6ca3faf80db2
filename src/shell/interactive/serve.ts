import { SqlError } from '../../engine/errors.ts';
import type { Cell } from '../printers/printer.ts';
import type { SqlRunner } from '../runner.ts';
import {
  type Answer,
  BATCH,
  BATCH_CHARACTERS,
  BATCH_MS,
  MAX_OUTSTANDING,
  type Reply,
  type Request,
  SHARED,
} from './protocol.ts';

/** The messages of a thread, as `parentPort` has them. */
export interface Port {
  on(event: 'message', listener: (request: Request) => void): void;
  postMessage(reply: Reply): void;
  close(): void;
}

/** Answers the prompt's requests in the thread that runs SQL. */
export function serve(port: Port, runner: SqlRunner, shared: Int32Array): void {
  let queue = Promise.resolve();
  port.on('message', (request) => {
    queue = queue.then(() => answer(request));
  });

  async function answer(request: Request): Promise<void> {
    try {
      port.postMessage({ kind: 'done', answer: await perform(request) });
    } catch (cause) {
      const code = cause instanceof SqlError ? cause.code : undefined;
      port.postMessage({ kind: 'failed', message: (cause as Error).message, code });
    }
    if (request.kind === 'close') port.close();
  }

  async function perform(request: Request): Promise<Answer> {
    switch (request.kind) {
      case 'run':
        await runner.setTraced(request.traced);
        return run(request.sql);
      case 'describe':
        return runner.describe(request.sql);
      case 'trace':
        return runner.trace();
      case 'tables':
        return runner.tables();
      case 'namedTables':
        return runner.namedTables();
      case 'ddl':
        return runner.ddl(request.table);
      case 'columnsOf':
        return runner.columnsOf(request.table);
      case 'close':
        await runner.close();
        return undefined;
    }
  }

  async function run(sql: string): Promise<undefined> {
    let rows: (readonly Cell[])[] = [];
    let characters = 0;
    let sent = performance.now();
    const flush = () => {
      if (rows.length === 0) return;
      // This thread may block: the prompt does not wait for it, it prints and counts down.
      while (Atomics.load(shared, SHARED.outstanding) >= MAX_OUTSTANDING && Atomics.load(shared, SHARED.cancel) === 0) {
        Atomics.wait(shared, SHARED.outstanding, MAX_OUTSTANDING, 100);
      }
      Atomics.add(shared, SHARED.outstanding, 1);
      port.postMessage({ kind: 'rows', rows });
      rows = [];
      characters = 0;
      sent = performance.now();
    };
    try {
      await runner.run(sql, {
        columns: (names) => {
          flush();
          port.postMessage({ kind: 'columns', names });
        },
        row: (cells) => {
          rows.push(cells);
          for (const cell of cells) characters += cell?.length ?? 0;
          if (rows.length >= BATCH || characters >= BATCH_CHARACTERS || performance.now() - sent >= BATCH_MS) flush();
        },
      });
    } finally {
      flush();
    }
    return undefined;
  }
}
