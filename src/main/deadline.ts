import { Worker } from 'node:worker_threads';
import type { StatementClock } from '../engine/limits.ts';
import type { DeadlineThreadData } from './deadline-thread.ts';

/** Has the program end where a statement passes its deadline and does not stop. */
export function startDeadline(deadlineMs: number): StatementClock {
  const statement = new Int32Array(new SharedArrayBuffer(4));
  const workerData: DeadlineThreadData = { statement, deadlineMs };
  new Worker(new URL('./deadline-thread.ts', import.meta.url), { workerData }).unref();
  let number = 0;
  const tell = (value: number) => {
    Atomics.store(statement, 0, value);
    Atomics.notify(statement, 0);
  };
  return {
    begins: () => {
      number += 1;
      tell(number);
    },
    ends: () => tell(0),
  };
}
