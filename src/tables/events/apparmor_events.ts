import { auditNumber, auditText } from '../../parse/audit-record.ts';
import type { AuditEvent } from '../../schema/audit-event.ts';
import { bigint, text, unsignedBigint } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** `AUDIT_AVC`, `include/uapi/linux/audit.h`, which SELinux has for itself as well. */
const AVC = 1400;

/** Source: records of audit, `apparmor(7)`. */
export const apparmorEvents = eventTable({
  name: 'apparmor_events',
  description: 'What AppArmor denied or would have, and changes of its profiles, as the kernel’s audit reported them.',
  platforms: ['linux'],
  publisher: 'auditeventpublisher',
  untested: 'no test machine runs AppArmor: the records are those of its documentation',
  columns: {
    type: text('Type of the record: AA'),
    message: text('The record, as it was written'),
    time: storeColumns.time(),
    uptime: bigint('Seconds after the boot'),
    eid: storeColumns.eid(),
    apparmor: text('What happened: DENIED, ALLOWED, AUDIT, STATUS, …'),
    operation: text('What the process did: open, exec, capable, profile_load, …'),
    parent: unsignedBigint('Process id of the parent'),
    profile: text('Profile that applied'),
    name: text('File, or whatever it was done to'),
    pid: unsignedBigint('Process id'),
    comm: text('Name of the process'),
    denied_mask: text('Permissions that were denied'),
    capname: text('Name of the capability'),
    fsuid: unsignedBigint('User id of the process for access to files'),
    ouid: unsignedBigint('User id of the owner of the file'),
    capability: bigint('Number of the capability'),
    requested_mask: text('Permissions that were asked for'),
    info: text('The reason'),
    error: text('Number of the error'),
    namespace: text('Namespace of the profile'),
    label: text('Label of the profile'),
  },
  examples: ["select time, profile, operation, name, denied_mask from apparmor_events where apparmor = 'DENIED'"],
  *rows({ records }: AuditEvent, { uptime }) {
    for (const record of records) {
      if (record.type !== AVC || !record.fields.has('apparmor')) continue;
      const said = (name: string) => auditText(record.field(name));
      const number = (name: string) => auditNumber(record.field(name));
      yield {
        type: 'AA',
        message: record.text,
        uptime,
        apparmor: said('apparmor'),
        operation: said('operation'),
        parent: number('parent'),
        profile: said('profile'),
        name: said('name'),
        pid: number('pid'),
        comm: said('comm'),
        denied_mask: said('denied_mask'),
        capname: said('capname'),
        fsuid: number('fsuid'),
        ouid: number('ouid'),
        capability: number('capability'),
        requested_mask: said('requested_mask'),
        info: said('info'),
        error: said('error'),
        namespace: said('namespace'),
        label: said('label'),
      };
    }
  },
});
