import { callNumber } from '../../../base/audit-syscalls.ts';
import { addressOf } from '../native.ts';
import { rawCall } from './raw-call.ts';

/** `SIG_BLOCK`, and what the kernel takes for a set of signals. */
const BLOCK = 0;
const SET_BYTES = 8;
/** That a thread makes for itself: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS; and SIGPROF of profilers. */
const OWN = [4, 5, 6, 7, 8, 11, 31, 27];
/** The C library's own. */
const RESERVED = [32, 33];

/** Leaves signals that the process gets to its other threads: Node's handler writes to a pipe, which this thread may not. */
export function leaveSignals(): void {
  let set = (1n << 64n) - 1n;
  for (const signal of [...OWN, ...RESERVED]) set &= ~(1n << BigInt(signal - 1));
  const bytes = Buffer.alloc(SET_BYTES);
  bytes.writeBigUInt64LE(set);
  rawCall(callNumber('rt_sigprocmask', process.arch), BLOCK, addressOf(bytes), 0, SET_BYTES);
}
