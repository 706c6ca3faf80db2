import { auditNumber, auditText } from '../../parse/audit-record.ts';
import { AF_UNIX } from '../../parse/sockaddr.ts';
import type { AuditEvent } from '../../schema/audit-event.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** Source: records of audit, `auditctl(8)`. */
export const socketEvents = eventTable({
  name: 'socket_events',
  description:
    'Sockets that were bound, connected or listened at, and connections that were accepted, as the kernel’s audit reported it.',
  platforms: ['linux', 'darwin'],
  publisher: 'auditeventpublisher',
  columns: {
    action: text('What was done: bind, connect, listen or accept'),
    pid: bigint('Process id'),
    path: text('Path of the program'),
    fd: text('Number of the descriptor; of accept that of the socket that listens'),
    auid: bigint('User id of the login; 4294967295 outside of one'),
    family: integer('Address family: 1 Unix, 2 IPv4, 10 IPv6; NULL if audit does not report it, as of listen'),
    protocol: integer('IP protocol; audit does not report it', { hidden: true }),
    local_address: text('Address of this side, of bind'),
    remote_address: text('Address of the other side, of connect and accept'),
    local_port: integer('Port of this side, of bind; 0 lets the kernel choose one'),
    remote_port: integer('Port of the other side, of connect and accept'),
    socket: text('Path of a Unix socket; an abstract name begins with @', { hidden: true }),
    time: storeColumns.time(),
    uptime: bigint('Seconds after the boot'),
    eid: storeColumns.eid(),
    success: integer('0 for status failed, else 1', { hidden: true }),
    status: text(
      'succeeded, failed, in_progress (the connection is made later) or no_client (there was none to be accepted)',
      { platforms: ['linux'] },
    ),
  },
  examples: [
    "select pid, path, remote_address, remote_port from socket_events where action = 'connect' and family in (2, 10)",
  ],
  *rows({ call, socket }: AuditEvent, { uptime }) {
    if (call === undefined || socket === undefined) return;
    const { action, status, address } = socket;
    const isUnix = address?.family === AF_UNIX;
    const internet = isUnix ? undefined : address;
    const [local, remote] = action === 'bind' ? [internet, undefined] : [undefined, internet];
    yield {
      action,
      pid: auditNumber(call.record.field('pid')),
      path: auditText(call.record.field('exe')),
      fd: String(Number.parseInt(call.record.field('a0') ?? '', 16) | 0),
      auid: auditNumber(call.record.field('auid')),
      family: address?.family,
      protocol: 0,
      local_address: local?.address,
      remote_address: remote?.address,
      local_port: local?.port ?? 0,
      remote_port: remote?.port ?? 0,
      socket: isUnix ? address.address : '',
      uptime,
      success: status === 'failed' ? 0 : 1,
      status,
    };
  },
});
