import type { AuditEvent } from '../../schema/audit-event.ts';
import { bigint, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** `AUDIT_AVC` and those that follow it, `include/uapi/linux/audit.h`. */
const FIRST = 1400;
const NAMES = `
  AVC SELINUX_ERR AVC_PATH MAC_POLICY_LOAD MAC_STATUS MAC_CONFIG_CHANGE MAC_UNLBL_ALLOW MAC_CIPSOV4_ADD MAC_CIPSOV4_DEL
  MAC_MAP_ADD MAC_MAP_DEL MAC_IPSEC_ADDSA MAC_IPSEC_DELSA MAC_IPSEC_ADDSPD MAC_IPSEC_DELSPD MAC_IPSEC_EVENT
  MAC_UNLBL_STCADD MAC_UNLBL_STCDEL MAC_CALIPSO_ADD MAC_CALIPSO_DEL`
  .trim()
  .split(/\s+/);
/** `AUDIT_USER_AVC`: from programs that ask SELinux themselves, as D-Bus does. */
const USER_AVC = 1107;

/** Source: records of audit, `auditctl(8)`. */
export const selinuxEvents = eventTable({
  name: 'selinux_events',
  description: 'What SELinux denied, and changes of it, as the kernel’s audit reported them.',
  platforms: ['linux'],
  publisher: 'auditeventpublisher',
  untested: 'no test machine runs SELinux: the records are those of its documentation',
  columns: {
    type: text('Type of the record: AVC, USER_AVC, MAC_STATUS, MAC_POLICY_LOAD, …'),
    message: text('The record, as it was written'),
    time: storeColumns.time(),
    uptime: bigint('Seconds after the boot'),
    eid: storeColumns.eid(),
  },
  examples: ["select time, message from selinux_events where type = 'AVC'"],
  *rows({ records }: AuditEvent, { uptime }) {
    for (const record of records) {
      const type = record.type === USER_AVC ? 'USER_AVC' : NAMES[record.type - FIRST];
      // AppArmor says what it denies in records of the same type.
      if (type !== undefined && !record.fields.has('apparmor')) yield { type, message: record.text, uptime };
    }
  },
});
