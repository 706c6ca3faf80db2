import { callNumber } from '../../../base/audit-syscalls.ts';
import { rawCall } from './raw-call.ts';

/** `nobody`: owns no file that matters, belongs to no group, and is there in a container, too. */
const NOBODY = 65534;
/** -1, which leaves an id as it is. */
const SAME = 0xffffffff;

/**
 * The thread counts as nobody wherever the kernel compares owners: root without capabilities still owns root's files, and
 * is root to the daemon at the other end of a socket. The process stays root's: only the effective ids change, and nobody
 * else's process may send it signals. The process counts as one that may not be dumped from then on.
 */
export function becomeNobody(): void {
  rawCall(callNumber('setgroups', process.arch), 0, 0);
  rawCall(callNumber('setresgid', process.arch), SAME, NOBODY, SAME);
  rawCall(callNumber('setresuid', process.arch), SAME, NOBODY, SAME);
}
