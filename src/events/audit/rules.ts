import {
  auditArchitecture,
  callNumber,
  DESCRIPTOR_CALLS,
  EXEC_CALLS,
  FORK_CALLS,
  NAME_CALLS,
  OPEN_CALLS,
  READ_CALLS,
  WRITE_CALLS,
} from '../../base/audit-syscalls.ts';
import * as fcntl from '../../base/open-flags.ts';
import type { AuditCondition, AuditRule } from '../../host/linux/audit-rule.ts';

/** What of calls is audited. */
export interface Audited {
  /** Calls, whatever comes of them. */
  readonly calls: readonly string[];
  /** What is done to files. */
  readonly files: 'nothing' | 'changes' | 'changes and accesses';
}

/** Arguments of `mmap(2)` that let a program change a file. */
const PROT_WRITE = 2;
const MAP_SHARED = 1;

/** Has none of a value's bits where the call does not write, make or cut a file, or open a directory to find files in it. */
const interesting = (arch: string) =>
  fcntl.O_WRONLY | fcntl.O_RDWR | fcntl.O_CREAT | fcntl.O_TRUNC | fcntl.directoryFlag(arch);

/**
 * The rules that have the kernel report what is audited, of all processes but ours: what we write would be written down again.
 * Each call of a machine is compared with them, and one that is reported costs as much as three that are not, so they leave out
 * what they can.
 */
export function auditRules({ calls, files }: Audited, pid: number, arch: string): AuditRule[] {
  const key = keyFor(pid);
  const rule = (names: readonly string[], ...conditions: AuditCondition[]): AuditRule => ({
    key,
    calls: names.flatMap((name) => callNumber(name, arch) ?? []),
    conditions: [['arch', '=', auditArchitecture(arch) ?? 0], ['pid', '!=', pid], ...conditions],
  });
  const done: AuditCondition = ['success', '=', 1];
  const rules = [rule(calls)];
  if (files !== 'nothing') {
    const separate = ['mmap', 'fcntl', 'ioctl'];
    const changes = [...NAME_CALLS, ...WRITE_CALLS, ...DESCRIPTOR_CALLS, ...FORK_CALLS, ...EXEC_CALLS];
    rules.push(
      rule([...changes.filter((name) => !separate.includes(name)), 'creat', 'openat2'], done),
      // Which neither returns nor succeeds.
      rule(['exit_group']),
      rule(['mmap'], done, ['a2', '&=', PROT_WRITE], ['a3', '&=', MAP_SHARED]),
      ...[fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_SETFD].map((what) => rule(['fcntl'], done, ['a1', '=', what])),
      ...[fcntl.FIOCLEX, fcntl.FIONCLEX].map((what) => rule(['ioctl'], done, ['a1', '=', what])),
    );
  }
  if (files === 'changes and accesses') rules.push(rule([...OPEN_CALLS, ...READ_CALLS], done));
  if (files === 'changes') {
    rules.push(
      rule(['open'], done, ['a1', '&', interesting(arch)]),
      rule(['openat'], done, ['a2', '&', interesting(arch)]),
    );
  }
  return rules.filter((one) => one.calls.length > 0);
}

/** What rules of a process of ours are known by. */
export function keyFor(pid: number): string {
  return `osquery-${pid}`;
}

/** The process of ours whose rule this is; undefined for a rule of others. */
export function ownerOf(key: string): number | undefined {
  const [, pid] = /^osquery-(\d{1,10})$/.exec(key) ?? [];
  return pid === undefined ? undefined : Number(pid);
}
