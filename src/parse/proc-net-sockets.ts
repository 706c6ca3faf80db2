import { formatIp } from '../base/ip-address.ts';

/** Lines of the tables of sockets in `/proc/net`, `proc_pid_net(5)`. */

export interface Socket {
  readonly inode: number;
  /** IPPROTO_*, or of a packet socket the ETH_P_* it listens to. */
  readonly protocol: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Of a Unix socket that was bound; an abstract name begins with `@`. */
  readonly path: string;
  readonly state: string;
}

/** `include/net/tcp_states.h`, from 1 on. */
const TCP_STATES = [
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];

const IPPROTO_TCP = 6;

/**
 * A line of `tcp`, `udp6`, `raw`, …: number, local and remote address, state, queues, timer, retransmits, uid, timeout,
 * inode. Undefined for the heading and for what is malformed.
 */
export function parseInternetSocket(line: string, protocol: number): Socket | undefined {
  const fields = line.trimStart().split(/ +/, 10);
  const local = parseEndpoint(fields[1]);
  const remote = parseEndpoint(fields[2]);
  const inode = Number(fields[9]);
  if (local === undefined || remote === undefined || !Number.isSafeInteger(inode)) return undefined;
  return {
    inode,
    protocol,
    localAddress: local.address,
    localPort: local.port,
    remoteAddress: remote.address,
    remotePort: remote.port,
    path: '',
    state: protocol === IPPROTO_TCP ? (TCP_STATES[Number.parseInt(fields[3]!, 16) - 1] ?? 'UNKNOWN') : '',
  };
}

/** `0100007F:1F90`: words of 32 bits as this machine's memory holds them (little-endian), and the port. */
function parseEndpoint(field: string | undefined): { address: string; port: number } | undefined {
  const colon = field?.indexOf(':') ?? -1;
  if (field === undefined || (colon !== 8 && colon !== 32)) return undefined;
  const bytes = Buffer.from(field.slice(0, colon), 'hex');
  const port = Number.parseInt(field.slice(colon + 1), 16);
  if (bytes.length !== colon / 2 || field.length !== colon + 5 || !(port >= 0)) return undefined;
  return { address: formatIp(bytes.swap32())!, port };
}

/**
 * A line of `unix`: address, references, protocol, flags, type, state, inode, path. A path may have blanks. It may also have
 * line breaks, and what follows one may look like a line: whoever has something better does not ask this file.
 */
export function parseUnixSocket(line: string): Socket | undefined {
  const fields =
    /^(?:[0-9a-fA-F]{8}){1,2}: [0-9A-F]{8} ([0-9A-F]{8}) [0-9A-F]{8} [0-9A-F]{4} [0-9A-F]{2} +(\d{1,15})(?: (.*))?$/s.exec(
      line,
    );
  if (fields === null) return undefined;
  const [, protocol, inode, path = ''] = fields;
  return unixSocket(Number(inode), path, Number.parseInt(protocol!, 16));
}

export function unixSocket(inode: number, path: string, protocol = 0): Socket {
  return { ...NOWHERE, inode, protocol, path };
}

/** A line of `packet`: address, references, type, protocol (hex), interface, running, memory, user, inode. */
export function parsePacketSocket(line: string): Socket | undefined {
  const fields = line.trim().split(/ +/, 9);
  const protocol = Number.parseInt(fields[3] ?? '', 16);
  const inode = Number(fields[8]);
  if (!Number.isSafeInteger(inode) || !(protocol >= 0)) return undefined;
  return { ...NOWHERE, inode, protocol, state: 'NONE' };
}

const NOWHERE = { localAddress: '', localPort: 0, remoteAddress: '', remotePort: 0, path: '', state: '' };
