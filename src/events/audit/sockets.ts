import { ACCEPT_CALLS, SOCKET_CALLS } from '../../base/audit-syscalls.ts';
import type { AuditRecord } from '../../parse/audit-record.ts';
import { AF_INET, AF_INET6, AF_UNIX, parseSocketAddress, type SocketAddress } from '../../parse/sockaddr.ts';
import type { AuditEvent, SocketCall } from '../../schema/audit-event.ts';

/** Which events of sockets are wanted, beside those that brought a connection or will. */
export interface SocketOptions {
  readonly failed: boolean;
  /** Programs that looked for a client when there was none. */
  readonly noClient: boolean;
  /** Sockets of the UNIX family. */
  readonly unix: boolean;
}

/** `AUDIT_SOCKADDR`, `include/uapi/linux/audit.h`. */
const SOCKADDR = 1306;
/** Of `include/uapi/asm-generic/errno.h`, as calls return them. */
const IN_PROGRESS = '-115';
const TRY_AGAIN = '-11';

const CALLS: ReadonlySet<string> = new Set([...SOCKET_CALLS, ...ACCEPT_CALLS]);

/** Whether a call that is about sockets caused an event. */
export function isSocketCall({ call }: AuditEvent): boolean {
  return call !== undefined && CALLS.has(call.name);
}

/** What was done to a socket; undefined where nothing was, or nobody wants to know. */
export function socketCall(event: AuditEvent, { failed, noClient, unix }: SocketOptions): SocketCall | undefined {
  if (!isSocketCall(event)) return undefined;
  const { name, record } = event.call!;
  const action = (name === 'accept4' ? 'accept' : name) as SocketCall['action'];
  const status = statusOf(action, record);
  if (status === 'failed' && !failed) return undefined;
  if (status === 'no_client' && !noClient && !failed) return undefined;
  const saddr = event.records.find(({ type }) => type === SOCKADDR)?.field('saddr');
  const address = saddr === undefined ? undefined : addressOf(saddr);
  if (saddr !== undefined && address === undefined) return undefined;
  // A client whose address nobody asked for may be of either family; most that do not ask accept from UNIX sockets.
  const maybeUnix = address === undefined && action === 'accept' && status === 'succeeded';
  if ((address?.family === AF_UNIX || maybeUnix) && !unix) return undefined;
  return { action, status, address };
}

/** An address in hexadecimal; of netlink, Bluetooth and others, and of none (which ends a connection), nobody wants to know. */
function addressOf(saddr: string): SocketAddress | undefined {
  const address = parseSocketAddress(Buffer.from(saddr, 'hex'));
  return [AF_INET, AF_INET6, AF_UNIX].includes(address?.family ?? 0) ? address : undefined;
}

function statusOf(action: string, record: AuditRecord): SocketCall['status'] {
  if (record.field('success') === 'yes') return 'succeeded';
  const exit = record.field('exit');
  if (action === 'connect' && exit === IN_PROGRESS) return 'in_progress';
  return action === 'accept' && exit === TRY_AGAIN ? 'no_client' : 'failed';
}
