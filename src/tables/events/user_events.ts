import { auditNumber, auditText } from '../../parse/audit-record.ts';
import type { AuditEvent } from '../../schema/audit-event.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** What programs say, `AUDIT_FIRST_USER_MSG` to `AUDIT_LAST_USER_MSG` of `include/uapi/linux/audit.h`. */
const isUserMessage = (type: number) => type >= 1100 && type <= 1199;

/** Source: records of audit that PAM, sshd and others write, `audit_log_user_message(3)`. */
export const userEvents = eventTable({
  name: 'user_events',
  description: 'What programs told the kernel’s audit: logins, sessions, changes of passwords, uses of sudo.',
  platforms: ['linux', 'darwin'],
  publisher: 'auditeventpublisher',
  columns: {
    uid: bigint('User id of the program'),
    auid: bigint('User id of the login; 4294967295 outside of one'),
    pid: bigint('Process id of the program'),
    message: text('What it said, as it said it'),
    type: integer('Type of the record: 1100 authentication, 1112 login, 1105 session opened, …'),
    path: text('Path of the program, as the program says'),
    address: text('Address that the user came from, as the program says; ? for none'),
    terminal: text('Terminal, as the program says; ? for none'),
    time: storeColumns.time(),
    uptime: bigint('Seconds after the boot'),
    eid: storeColumns.eid(),
  },
  examples: ['select time, uid, message, address from user_events where type = 1112'],
  *rows({ records }: AuditEvent, { uptime }) {
    for (const record of records) {
      if (!isUserMessage(record.type)) continue;
      yield {
        uid: auditNumber(record.field('uid')),
        auid: auditNumber(record.field('auid')),
        pid: auditNumber(record.field('pid')),
        // The kernel puts it into quotes, whatever is in it.
        message: / msg='(.*)'/s.exec(record.text)?.[1] ?? auditText(record.field('msg')),
        type: record.type,
        path: auditText(record.field('exe')),
        address: auditText(record.field('addr')),
        terminal: auditText(record.field('terminal')),
        uptime,
      };
    }
  },
});
