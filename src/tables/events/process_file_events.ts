import { auditNumber, auditText } from '../../parse/audit-record.ts';
import type { AuditEvent } from '../../schema/audit-event.ts';
import { bigint, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** Source: records of audit, `auditctl(8)`. */
export const processFileEvents = eventTable({
  name: 'process_file_events',
  description:
    'Changes of the files of `file_paths`, and the processes that made them, as the kernel’s audit reported them.',
  platforms: ['linux'],
  publisher: 'auditeventpublisher',
  columns: {
    operation: text(
      'What was done: create, open+truncate, write (once after each open), rename, unlink, link, symlink, mkdir, mknod; with a flag open, read and close',
    ),
    pid: bigint('Process id'),
    ppid: bigint('Process id of the parent'),
    time: storeColumns.time(),
    executable: text('Path of the program'),
    partial: text('true if audit did not report the whole path'),
    cwd: text('Current directory of the process; empty for an operation on a descriptor'),
    path: text('File'),
    dest_path: text('New name of a file that is renamed or linked'),
    uid: text('Real user id'),
    gid: text('Real group id'),
    auid: text('User id of the login; 4294967295 outside of one'),
    euid: text('Effective user id'),
    egid: text('Effective group id'),
    fsuid: text('User id for access to files'),
    fsgid: text('Group id for access to files'),
    suid: text('Saved user id'),
    sgid: text('Saved group id'),
    uptime: bigint('Seconds after the boot'),
    eid: storeColumns.eid(),
  },
  examples: ["select time, executable, operation, path from process_file_events where path like '/etc/%'"],
  *rows({ call, file }: AuditEvent, { uptime }) {
    if (call === undefined || file === undefined) return;
    const { record } = call;
    yield {
      operation: file.operation,
      pid: auditNumber(record.field('pid')),
      ppid: auditNumber(record.field('ppid')),
      executable: auditText(record.field('exe')),
      partial: String(file.partial),
      cwd: file.cwd,
      path: file.path,
      dest_path: file.destination,
      uid: record.field('uid'),
      gid: record.field('gid'),
      auid: record.field('auid'),
      euid: record.field('euid'),
      egid: record.field('egid'),
      fsuid: record.field('fsuid'),
      fsgid: record.field('fsgid'),
      suid: record.field('suid'),
      sgid: record.field('sgid'),
      uptime,
    };
  },
});
