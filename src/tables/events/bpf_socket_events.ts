import { formatIp } from '../../base/ip-address.ts';
import type { SocketSample } from '../../parse/bpf-sample.ts';
import { parseSocketAddress } from '../../parse/sockaddr.ts';
import type { BpfEvent } from '../../schema/bpf-event.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** `socket(2)`. */
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;

interface Address {
  readonly address: string;
  readonly port: number;
}

/** Source: tracepoints of the system calls, and the kernel's structures of the socket. */
export const bpfSocketEvents = eventTable({
  name: 'bpf_socket_events',
  description:
    'Sockets that were connected, bound, listened on or accepted, as our own programs in the kernel (eBPF) reported them.',
  platforms: ['linux'],
  publisher: 'BPFEventPublisher',
  columns: {
    tid: bigint('Thread id'),
    pid: bigint('Process id'),
    parent: bigint('Process id of the parent'),
    uid: bigint('Real user id'),
    gid: bigint('Real group id'),
    cid: integer('Cgroup of the process: the inode of its directory; that of a container is its own'),
    exit_code: text('What the system call gave: of accept the new descriptor, below 0 an error number'),
    probe_error: integer('1 if something could not be captured whole: a path, or the address that was given'),
    syscall: text('connect, bind, listen or accept'),
    path: text('Path of the program'),
    fd: text('Descriptor of the socket; of accept the new one'),
    family: integer('Family: 1 UNIX, 2 IPv4, 10 IPv6, 16 netlink, …'),
    type: integer('Type: 1 stream, 2 datagram, …'),
    protocol: integer('Protocol: 6 TCP, 17 UDP, …'),
    local_address: text('Address of this end; of a UNIX socket its path'),
    remote_address: text('Address of the other end; of a UNIX socket its path'),
    local_port: integer('Port of this end'),
    remote_port: integer('Port of the other end'),
    duration: integer('Nanoseconds in the system call'),
    ntime: text('When the call returned, nanoseconds after the boot'),
    time: storeColumns.time({ hidden: true }),
    eid: storeColumns.number(),
  },
  examples: ["select pid, path, remote_address, remote_port from bpf_socket_events where syscall = 'connect'"],
  *rows({ sample }: BpfEvent) {
    if (sample.call === 'exec') return;
    const { local, remote } = ends(sample);
    yield {
      tid: sample.tid,
      pid: sample.pid,
      parent: sample.parent,
      uid: sample.uid,
      gid: sample.gid,
      cid: sample.cgroup,
      exit_code: String(sample.exit),
      probe_error: Number(sample.error),
      syscall: sample.call,
      path: sample.path,
      fd: String(sample.descriptor),
      family: sample.family,
      type: sample.type,
      protocol: sample.protocol,
      local_address: local.address,
      remote_address: remote.address,
      local_port: local.port,
      remote_port: remote.port,
      duration: sample.duration,
      ntime: String(sample.bootTime),
    };
  },
});

/** What the program asked for, where it did; else what the socket says of itself. */
function ends(sample: SocketSample): { readonly local: Address; readonly remote: Address } {
  const local = address(sample.family, sample.local, sample.localPort);
  const remote = address(sample.family, sample.remote, sample.remotePort);
  const asked = parseSocketAddress(sample.given);
  if (sample.call === 'connect') return { local, remote: asked ?? remote };
  if (sample.call === 'bind' && sample.exit < 0) return { local: asked ?? local, remote };
  return { local, remote };
}

function address(family: number, bytes: Buffer, port: number): Address {
  if (family === AF_UNIX) return parseSocketAddress(bytes) ?? { address: '', port: 0 };
  if (family === AF_INET) return { address: formatIp(bytes.subarray(0, 4))!, port };
  return family === AF_INET6 ? { address: formatIp(bytes)!, port } : { address: '', port: 0 };
}
