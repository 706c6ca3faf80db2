import { integer, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';
import type { SyslogEvent } from '../../schema/syslog-event.ts';

/** Source: lines that syslog writes to a named pipe, docs/guides/syslog-and-hardware-events.md. */
export const syslogEvents = eventTable({
  name: 'syslog_events',
  aliases: ['syslog'],
  description: 'Messages of syslog, as rsyslog or syslog-ng pass them on.',
  platforms: ['linux'],
  publisher: 'syslog',
  columns: {
    time: storeColumns.time(),
    datetime: text('Time of the message, as syslog wrote it'),
    host: text('Host that the message is of'),
    severity: integer('0 emergency, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 informational, 7 debug'),
    facility: text('kern, user, mail, daemon, auth, …'),
    tag: text('Program, mostly with its process id: sshd[812]'),
    message: text('Text of the message'),
    eid: storeColumns.eid(),
  },
  examples: ['select time, host, tag, message from syslog_events where severity <= 3'],
  *rows({ line }: SyslogEvent) {
    yield { ...line };
  },
});
