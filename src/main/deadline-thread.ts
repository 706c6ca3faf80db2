/**
 * Ends the shell where a statement passes its deadline and does not stop: one step of SQLite can take minutes, and a call of the
 * kernel for ever. The thread that runs the statement can do nothing about it.
 */
import { workerData } from 'node:worker_threads';
import { libc } from '../host/linux/native.ts';
import { DescriptorOutput } from '../host/linux/standard-streams.ts';

/** What the thread is given. */
export interface DeadlineThreadData {
  /** The number of the statement that runs; 0 where none does. */
  readonly statement: Int32Array;
  readonly deadlineMs: number;
}

/** After this much longer a statement does not stop by itself any more: tables ask once a row and once a call. */
const GRACE_MS = 1000;

const { statement, deadlineMs } = workerData as DeadlineThreadData;
for (;;) {
  Atomics.wait(statement, 0, 0);
  const number = Atomics.load(statement, 0);
  if (number === 0 || Atomics.wait(statement, 0, number, deadlineMs + GRACE_MS) !== 'timed-out') continue;
  const stderr = new DescriptorOutput(2, 0);
  stderr.write(`Error: interrupted: the query took longer than ${deadlineMs} ms, and did not stop\n`);
  libc('void _exit(int code)')(1);
}
