import { HostError, ifReadable } from '../base/errors.ts';
import type { Host, Kernel } from '../host/host.ts';
import { streamLines } from '../host/stream-lines.ts';
import {
  parseInternetSocket,
  parsePacketSocket,
  parseUnixSocket,
  type Socket,
  unixSocket,
} from '../parse/proc-net-sockets.ts';
import { parseUnixDiag, SOCK_DIAG_BY_FAMILY, unixDiagRequest } from '../parse/unix-diag.ts';
import { descriptorShares, descriptors } from './process-descriptors.ts';
import type { UserShares } from './user-shares.ts';

/** A socket and one process that holds it; -1 where no process that we may look into does. */
export interface OpenSocket extends Socket {
  readonly pid: number;
  readonly fd: number;
  /** AF_*, `include/linux/socket.h`. */
  readonly family: number;
  /** Inode number of the network namespace; '0' where nobody could tell. */
  readonly namespace: string;
}

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
const AF_PACKET = 17;

/** Files of `/proc/<pid>/net`; IPPROTO_* as in `include/uapi/linux/in.h`. */
const INTERNET: readonly (readonly [name: string, protocol: number])[] = [
  ['icmp', 1],
  ['tcp', 6],
  ['udp', 17],
  ['udplite', 136],
  ['raw', 255],
];

/** NETLINK_SOCK_DIAG, `include/uapi/linux/netlink.h`. */
const SOCK_DIAG = 4;

/**
 * Sockets of one user, and sockets that no process holds: a row of one has 300 characters, with a name of control characters
 * 900, and the rows of a query some 40 million (`--query_memory_limit`).
 */
const MAX_SOCKETS = 32_768;
/** Of those that no process holds, Unix sockets: only ones that are closed just now, or whose user has too many. */
const MAX_UNHELD_UNIX = 8192;

interface Holder {
  readonly pid: number;
  readonly fd: number;
  readonly next: Holder | undefined;
}

/** Where a socket was read of. A name of a Unix socket may forge lines of text, but not messages of netlink. */
interface Found {
  readonly family: number;
  readonly socket: Socket;
  readonly forgeable: boolean;
}

/**
 * The sockets of every network namespace that a process is in, each once for every descriptor that refers to it: a
 * server and its workers all hold what they listen on. `pids` are the processes to look into, `only` leaves out sockets
 * that none of them holds.
 */
export function* openSockets(
  host: Host,
  pids: Iterable<number>,
  only: boolean,
  warn: (message: string, cause: string) => void,
): Generator<OpenSocket> {
  const holders = new Map<number, Holder>();
  const namespaces = new Map<string, number[]>();
  const shares = descriptorShares(host.files, MAX_SOCKETS);
  for (const pid of pids) {
    const found = collect(host, pid, holders, shares);
    if (only && !found) continue;
    const namespace = namespaceOf(host, pid);
    const members = namespaces.get(namespace);
    if (members === undefined) namespaces.set(namespace, [pid]);
    else members.push(pid);
  }
  shares.report(warn);
  // A process of a namespace that we cannot tell is most likely in one of the others.
  if (namespaces.size > 1) namespaces.delete(UNKNOWN);
  const own = host.kernel && namespaceOf(host, 'self');
  let unheld = 0;
  let unheldUnix = 0;
  let leftOut = 0;
  for (const [namespace, members] of namespaces) {
    const inhabitants = new Set(members);
    for (const { family, socket, forgeable } of socketsOf(host, members, namespace !== UNKNOWN && namespace === own)) {
      let held = false;
      for (let holder = holders.get(socket.inode); holder !== undefined; holder = holder.next) {
        // Whoever makes a namespace of its own must not name the sockets of others.
        if (forgeable && !inhabitants.has(holder.pid)) continue;
        held = true;
        yield { ...socket, family, namespace, pid: holder.pid, fd: holder.fd };
      }
      if (held || only) continue;
      if (family === AF_UNIX) unheldUnix += 1;
      if (++unheld > MAX_SOCKETS || (family === AF_UNIX && unheldUnix > MAX_UNHELD_UNIX)) leftOut += 1;
      else yield { ...socket, family, namespace, pid: -1, fd: -1 };
    }
  }
  if (leftOut > 0) {
    const bounds = `${MAX_SOCKETS} sockets, ${MAX_UNHELD_UNIX} of them Unix,`;
    warn(
      `truncated: more than ${bounds} are held by no process, or by one of a user with too many`,
      `${leftOut} left out`,
    );
  }
}

const UNKNOWN = '0';

/** `net:[4026531840]`, `namespaces(7)`. */
function namespaceOf(host: Host, pid: number | 'self'): string {
  const link = ifReadable(() => host.files.readLink(`/proc/${pid}/ns/net`));
  return /^net:\[(\d+)\]$/.exec(link ?? '')?.[1] ?? UNKNOWN;
}

/** Notes the sockets that a process holds; false if it holds none. */
function collect(host: Host, pid: number, holders: Map<number, Holder>, shares: UserShares): boolean {
  let found = false;
  for (const { fd, link } of descriptors(host.files, pid)) {
    const inode = Number(/^socket:\[(\d{1,15})\]$/.exec(link)?.[1] ?? 0);
    if (inode === 0 || shares.take(pid, 1) === 0) continue;
    holders.set(inode, { pid, fd, next: holders.get(inode) });
    found = true;
  }
  return found;
}

function* socketsOf(host: Host, members: readonly number[], own: boolean): Generator<Found> {
  const forgeable = false;
  for (const [name, protocol] of INTERNET) {
    for (const [suffix, family] of [
      ['', AF_INET],
      ['6', AF_INET6],
    ] as const) {
      for (const line of lines(host, members, name + suffix)) {
        const socket = parseInternetSocket(line, protocol);
        if (socket !== undefined) yield { family, socket, forgeable };
      }
    }
  }
  const asked = own && host.kernel !== undefined ? askKernel(host.kernel) : undefined;
  if (asked !== undefined) {
    for (const socket of asked) yield { family: AF_UNIX, socket, forgeable };
  } else {
    for (const socket of textSockets(host, members)) yield { family: AF_UNIX, socket, forgeable: true };
  }
  for (const line of lines(host, members, 'packet')) {
    const socket = parsePacketSocket(line);
    if (socket !== undefined) yield { family: AF_PACKET, socket, forgeable };
  }
}

/** The Unix sockets of our own network namespace; undefined where the kernel has no `unix_diag`. */
function askKernel(kernel: Kernel): Iterable<Socket> | undefined {
  try {
    const messages = kernel.netlinkDump(SOCK_DIAG, SOCK_DIAG_BY_FAMILY, unixDiagRequest())[Symbol.iterator]();
    return answers(messages, messages.next());
  } catch (cause) {
    if (cause instanceof HostError) return undefined;
    throw cause;
  }
}

type Messages = ReturnType<ReturnType<Kernel['netlinkDump']>[typeof Symbol.iterator]>;

function* answers(messages: Messages, first: ReturnType<Messages['next']>): Generator<Socket> {
  for (let message = first; message.done !== true; message = messages.next()) {
    const found = parseUnixDiag(message.value.payload);
    if (found !== undefined) yield unixSocket(found.inode, found.path);
  }
}

/**
 * The Unix sockets of a namespace whose kernel we cannot ask, from text. Of two lines with one inode one is forged: the
 * socket is there, but which name it has nobody can tell.
 */
function* textSockets(host: Host, members: readonly number[]): Generator<Socket> {
  const seen = new Set<number>();
  const twice = new Set<number>();
  for (const line of lines(host, members, 'unix')) {
    const inode = parseUnixSocket(line)?.inode ?? 0;
    if (inode !== 0 && seen.has(inode)) twice.add(inode);
    seen.add(inode);
  }
  for (const line of lines(host, members, 'unix')) {
    const socket = parseUnixSocket(line);
    if (socket === undefined) continue;
    if (!twice.has(socket.inode)) yield socket;
    else if (seen.delete(socket.inode)) yield { ...socket, path: '' };
  }
}

/** A file of the namespace, through the first of its processes that is still there; none where it is missing. */
function* lines(host: Host, members: readonly number[], name: string): Generator<string> {
  for (const pid of members) {
    let started = false;
    try {
      for (const line of streamLines(host.files, `/proc/${pid}/net/${name}`)) {
        started = true;
        yield line;
      }
      return;
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      // What was read before must not come twice; and a kernel without a protocol has no such file for anybody.
      if (started || host.files.exists(`/proc/${pid}/net`)) return;
    }
  }
}
