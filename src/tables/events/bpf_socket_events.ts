import { formatIp } from '../../base/ip-address.ts';
import { MOST_OF_SHORT_SAMPLE, readShortSample, type SocketSample } from '../../parse/bpf-sample.ts';
import { parseSocketAddress } from '../../parse/sockaddr.ts';
import type { BpfEvent } from '../../schema/bpf-event.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { rawEventTable, storeColumns } from '../../schema/event-table.ts';

/** `socket(2)`. */
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;

interface Address {
  readonly address: string;
  readonly port: number;
}

/** Source: tracepoints of the system calls, and the kernel's structures of the socket. */
export const bpfSocketEvents = rawEventTable({
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
  raw: {
    form: 'bpf socket 1',
    keep({ sample }: BpfEvent, _, into) {
      if (sample.call !== 'exec') into.bytes(room, sample.shorten(room));
    },
    read: readShortSample,
  },
  cells: {
    tid: ({ tid }) => tid,
    pid: ({ pid }) => pid,
    parent: ({ parent }) => parent,
    uid: ({ uid }) => uid,
    gid: ({ gid }) => gid,
    cid: ({ cgroup }) => cgroup,
    exit_code: ({ exit }) => String(exit),
    probe_error: ({ error }) => error,
    syscall: ({ call }) => call,
    path: ({ path }) => path,
    fd: ({ descriptor }) => String(descriptor),
    family: ({ family }) => family,
    type: ({ type }) => type,
    protocol: ({ protocol }) => protocol,
    local_address: (sample) => localEnd(sample).address,
    remote_address: (sample) => remoteEnd(sample).address,
    local_port: (sample) => localEnd(sample).port,
    remote_port: (sample) => remoteEnd(sample).port,
    duration: ({ duration }) => duration,
    ntime: ({ bootTime }) => String(bootTime),
  },
});

/** For the sample that is being kept. */
const room = Buffer.alloc(MOST_OF_SHORT_SAMPLE);

/** What the program asked for, where it could not be; else what the socket says of itself. */
function localEnd(sample: SocketSample): Address {
  const isAsked = sample.call === 'bind' && sample.exit < 0;
  const asked = isAsked ? parseSocketAddress(sample.given) : undefined;
  return asked ?? address(sample.family, sample.local, sample.localPort);
}

/** What the program asked for, where it did; else what the socket says of itself. */
function remoteEnd(sample: SocketSample): Address {
  const asked = sample.call === 'connect' ? parseSocketAddress(sample.given) : undefined;
  return asked ?? address(sample.family, sample.remote, sample.remotePort);
}

function address(family: number, bytes: Buffer, port: number): Address {
  if (family === AF_UNIX) return parseSocketAddress(bytes) ?? { address: '', port: 0 };
  if (family === AF_INET) return { address: formatIp(bytes.subarray(0, 4))!, port };
  return family === AF_INET6 ? { address: formatIp(bytes)!, port } : { address: '', port: 0 };
}
