import { closeSync, readFileSync } from 'node:fs';
import { HostError, isAbsent } from '../../../base/errors.ts';
import { errnoName, hostError } from '../errors.ts';
import { errno, libc } from '../native.ts';

/** Where tracefs is mounted, today and before. */
const MOUNTED = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

/** `fsopen(2)` and its kin have these numbers on every machine: `include/uapi/asm-generic/unistd.h`. */
const FSOPEN = 430;
const FSCONFIG = 431;
const FSMOUNT = 432;
/** `include/uapi/linux/mount.h`. */
const FSOPEN_CLOEXEC = 1;
const FSCONFIG_CMD_CREATE = 6;
const FSMOUNT_CLOEXEC = 1;
const MOUNT_ATTR = { readOnly: 1, noSetUid: 2, noDevices: 4, noPrograms: 8 };

/**
 * The number of a tracepoint of a system call, from tracefs. Where nobody has mounted it, as on small machines, we do, at no
 * place among the directories: nobody else sees it, and nothing is left behind. Throws `HostError`.
 */
export function tracepointNumber(name: string): number {
  for (const folder of MOUNTED) {
    const number = numberIn(folder, name);
    if (number !== undefined) return number;
  }
  const mount = mountTracefs();
  try {
    const number = numberIn(`/proc/self/fd/${mount}`, name);
    if (number === undefined) throw new HostError('ENOENT', `tracefs: events/syscalls/${name}/id`, 'read');
    return number;
  } finally {
    closeSync(mount);
  }
}

/** Undefined where it is not there. */
function numberIn(folder: string, name: string): number | undefined {
  const path = `${folder}/events/syscalls/${name}/id`;
  try {
    return Number(readFileSync(path, 'latin1'));
  } catch (cause) {
    const error = hostError(cause, path, 'read');
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The descriptor of a mount that has no place; it ends when that is closed. */
function mountTracefs(): number {
  const open = libc('long syscall(long number, const char *name, unsigned int flags)');
  const configure = libc(
    'long syscall(long number, int fd, unsigned int command, void *key, void *value, int auxiliary)',
  );
  const mount = libc('long syscall(long number, int fd, unsigned int flags, unsigned int attributes)');
  const context = must(open(FSOPEN, 'tracefs', FSOPEN_CLOEXEC), 'fsopen');
  try {
    must(configure(FSCONFIG, context, FSCONFIG_CMD_CREATE, null, null, 0), 'fsconfig');
    const { readOnly, noSetUid, noDevices, noPrograms } = MOUNT_ATTR;
    return must(mount(FSMOUNT, context, FSMOUNT_CLOEXEC, readOnly | noSetUid | noDevices | noPrograms), 'fsmount');
  } finally {
    closeSync(context);
  }
}

function must(result: number, operation: string): number {
  if (result < 0) throw new HostError(errnoName(errno()), 'tracefs', operation);
  return result;
}
