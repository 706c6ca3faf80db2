import { HostError, ifReadable } from '../base/errors.ts';
import type { Host } from '../host/host.ts';
import { streamLines } from '../host/stream-lines.ts';
import { parseInternetSocket, parsePacketSocket, parseUnixSocket, type Socket } from '../parse/proc-net-sockets.ts';
import { descriptors } from './process-descriptors.ts';

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

interface Holder {
  readonly pid: number;
  readonly fd: number;
  readonly next: Holder | undefined;
}

/**
 * The sockets of every network namespace that a process is in, each once for every descriptor that refers to it: a
 * server and its workers all hold what they listen on. `pids` are the processes to look into, `only` leaves out sockets
 * that none of them holds.
 */
export function* openSockets(host: Host, pids: Iterable<number>, only: boolean): Generator<OpenSocket> {
  const holders = new Map<number, Holder>();
  const namespaces = new Map<string, number[]>();
  for (const pid of pids) {
    const found = collect(host, pid, holders);
    if (only && !found) continue;
    const namespace = namespaceOf(host, pid);
    const members = namespaces.get(namespace);
    if (members === undefined) namespaces.set(namespace, [pid]);
    else members.push(pid);
  }
  // A process of a namespace that we cannot tell is most likely in one of the others.
  if (namespaces.size > 1) namespaces.delete(UNKNOWN);
  for (const [namespace, members] of namespaces) {
    for (const { family, socket } of socketsOf(host, members)) {
      let holder = holders.get(socket.inode);
      if (holder === undefined && !only) yield { ...socket, family, namespace, pid: -1, fd: -1 };
      for (; holder !== undefined; holder = holder.next) {
        yield { ...socket, family, namespace, pid: holder.pid, fd: holder.fd };
      }
    }
  }
}

const UNKNOWN = '0';

/** `net:[4026531840]`, `namespaces(7)`. */
function namespaceOf(host: Host, pid: number): string {
  const link = ifReadable(() => host.files.readLink(`/proc/${pid}/ns/net`));
  return /^net:\[(\d+)\]$/.exec(link ?? '')?.[1] ?? UNKNOWN;
}

/** Notes the sockets that a process holds; false if it holds none. */
function collect(host: Host, pid: number, holders: Map<number, Holder>): boolean {
  let found = false;
  for (const { fd, link } of descriptors(host.files, pid)) {
    if (!link.startsWith('socket:[')) continue;
    const inode = Number(link.slice('socket:['.length, -1));
    holders.set(inode, { pid, fd, next: holders.get(inode) });
    found = true;
  }
  return found;
}

function* socketsOf(host: Host, members: readonly number[]): Generator<{ family: number; socket: Socket }> {
  for (const [name, protocol] of INTERNET) {
    for (const [suffix, family] of [
      ['', AF_INET],
      ['6', AF_INET6],
    ] as const) {
      for (const line of lines(host, members, name + suffix)) {
        const socket = parseInternetSocket(line, protocol);
        if (socket !== undefined) yield { family, socket };
      }
    }
  }
  for (const line of lines(host, members, 'unix')) {
    const socket = parseUnixSocket(line);
    if (socket !== undefined) yield { family: AF_UNIX, socket };
  }
  for (const line of lines(host, members, 'packet')) {
    const socket = parsePacketSocket(line);
    if (socket !== undefined) yield { family: AF_PACKET, socket };
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
