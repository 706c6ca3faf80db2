import { callName } from '../../base/audit-syscalls.ts';
import { auditNumber, auditText } from '../../parse/audit-record.ts';
import type { AuditEvent } from '../../schema/audit-event.ts';
import { bigint, text, unsignedBigint } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** `AUDIT_SECCOMP`, `include/uapi/linux/audit.h`. */
const SECCOMP = 1326;

/** `SECCOMP_RET_*` of `include/uapi/linux/seccomp.h`, without the data in their lower half. */
const ACTIONS: Readonly<Record<number, string>> = {
  2147483648: 'KILL_PROCESS',
  0: 'KILL_THREAD',
  196608: 'TRAP',
  327680: 'ERRNO',
  2143289344: 'USER_NOTIF',
  2146435072: 'TRACE',
  2147221504: 'LOG',
  2147418112: 'ALLOW',
};

/** `AUDIT_ARCH_*` of `include/uapi/linux/audit.h`, of machines that one meets. */
const ARCHITECTURES: Readonly<Record<number, string>> = {
  3221225534: 'X86_64',
  1073741827: 'I386',
  3221225655: 'AARCH64',
  1073741864: 'ARM',
  3221225715: 'RISCV64',
  2147483670: 'S390X',
  3221225493: 'PPC64LE',
  2147483669: 'PPC64',
  3221225730: 'LOONGARCH64',
};

/** Source: records of audit, `seccomp(2)`. */
export const seccompEvents = eventTable({
  name: 'seccomp_events',
  description: 'System calls that a seccomp filter did not simply allow, as the kernel’s audit reported them.',
  platforms: ['linux'],
  publisher: 'auditeventpublisher',
  columns: {
    time: storeColumns.time(),
    uptime: bigint('Seconds after the boot'),
    auid: unsignedBigint('User id of the login; 4294967295 outside of one'),
    uid: unsignedBigint('User id'),
    gid: unsignedBigint('Group id'),
    ses: unsignedBigint('Session of the login; 4294967295 outside of one'),
    pid: unsignedBigint('Process id'),
    comm: text('Name of the process'),
    exe: text('Path of the program'),
    sig: bigint('Signal that the process was sent; 0 for none'),
    arch: text('Architecture of the call: X86_64, I386, AARCH64, …'),
    syscall: text('System call; its number on an architecture whose names are not known here'),
    compat: bigint('1 for a call of another architecture than that of the machine'),
    ip: text('Address of the instruction'),
    code: text('What the filter decided: KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, TRACE, LOG, …'),
  },
  examples: ["select time, pid, exe, syscall from seccomp_events where code like 'KILL%'"],
  *rows({ records }: AuditEvent, { uptime }) {
    for (const record of records) {
      if (record.type !== SECCOMP) continue;
      const number = (name: string) => auditNumber(record.field(name));
      const arch = record.field('arch') ?? '';
      const call = record.field('syscall') ?? '';
      yield {
        uptime,
        auid: number('auid'),
        uid: number('uid'),
        gid: number('gid'),
        ses: number('ses'),
        pid: number('pid'),
        comm: auditText(record.field('comm')),
        exe: auditText(record.field('exe')),
        sig: number('sig'),
        arch: nameOf(ARCHITECTURES, Number.parseInt(arch, 16)),
        syscall: callName(arch, Number(call)) ?? call,
        compat: number('compat'),
        ip: record.field('ip'),
        code: nameOf(ACTIONS, (Number.parseInt(record.field('code') ?? '', 16) & 0xffff0000) >>> 0),
      };
    }
  },
});

function nameOf(names: Readonly<Record<number, string>>, number: number): string {
  return names[number] ?? `${number}(unknown)`;
}
