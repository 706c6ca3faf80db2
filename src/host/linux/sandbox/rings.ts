import { auditArchitecture, callNumber } from '../../../base/audit-syscalls.ts';
import { filterProgram } from './filter-program.ts';
import { rawCall } from './raw-call.ts';
import { installFilter } from './seccomp.ts';

/** What the kernel says where no ring can be made: there is none, or a filter or `kernel.io_uring_disabled` is before it. */
const IMPOSSIBLE = new Set(['ENOSYS', 'EPERM']);

/**
 * Threads that this one starts from here on, and programs, cannot make rings of io_uring. libuv makes one for the loop of each
 * thread, does without where it cannot, and aborts the process where one that it has made is closed to it: so a thread can
 * be without only if it never had one. What goes through a ring passes no filter of system calls. Only for root with
 * CAP_SYS_ADMIN, as all others would have to give up programs that have more rights than they.
 */
export function startWithoutRings(): void {
  const [architecture, setup] = [auditArchitecture(process.arch), callNumber('io_uring_setup', process.arch)];
  if (architecture === undefined || setup === undefined) return;
  try {
    installFilter(filterProgram({ architecture, last: undefined, refused: [], absent: [setup], bounded: [] }));
  } catch {
    // Threads say that rings are left to them.
  }
}

/** Whether this thread can make one, so that its loop has one. */
export function hasRings(): boolean {
  try {
    rawCall(callNumber('io_uring_setup', process.arch), 0, 0);
    return true;
  } catch (cause) {
    return !IMPOSSIBLE.has((cause as Error).message);
  }
}
