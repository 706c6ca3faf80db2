import { closeSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { errnoName } from './errors.ts';
import { errno, libc } from './native.ts';

export interface NetlinkMessage {
  readonly type: number;
  readonly payload: Buffer;
}

/** include/uapi/linux/netlink.h, include/linux/socket.h, include/uapi/asm-generic/socket.h */
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const MSG_TRUNC = 0x20;
const NLM_F_DUMP_REQUEST = 0x301;
const NLM_F_DUMP_INTR = 0x10;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** Below it are control messages: NOOP, ERROR, DONE, OVERRUN. */
const NLMSG_MIN_TYPE = 0x10;
const HEADER_BYTES = 16;
const ADDRESS_BYTES = 12;

/** The kernel packs a dump into buffers of at most 32 KiB (`netlink_dump`, net/netlink/af_netlink.c). */
const RECEIVE_BYTES = 64 * 1024;
const TIMEOUT_SECONDS = 5n;

/** A dump that the kernel says was overtaken by a change is asked for again this often; then the last one counts. */
const ATTEMPTS = 4;

/**
 * One dump. The answers are held until the kernel has said that they belong together, about 100 bytes for a route or a
 * socket: as they came, because a user may have 100,000 sockets, and an object for each takes ten times as much. Throws
 * `HostError`: the code the kernel answers with, ETIMEDOUT, EBADMSG.
 */
export function* netlinkDump(protocol: number, type: number, payload: Uint8Array): Generator<NetlinkMessage> {
  let last: readonly Buffer[] = [];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { datagrams, interrupted } = dumpOnce(protocol, type, payload);
    last = datagrams;
    if (!interrupted) break;
  }
  for (const datagram of last) yield* parseDatagram(datagram, SEQUENCE).messages;
}

/** Of the only request that a socket of ours sends. */
const SEQUENCE = 1;

/** What one datagram holds. Malformed lengths end it: nothing after them can be trusted. */
export interface Datagram {
  readonly messages: readonly NetlinkMessage[];
  /** The last message of the dump was here. */
  readonly done: boolean;
  /** Some message says that the tables changed while they were dumped. */
  readonly interrupted: boolean;
  /** Positive errno that ended the dump, 0 for none. */
  readonly error: number;
}

export function parseDatagram(datagram: Buffer, sequence: number): Datagram {
  const messages: NetlinkMessage[] = [];
  let interrupted = false;
  let offset = 0;
  while (offset + HEADER_BYTES <= datagram.length) {
    const length = datagram.readUInt32LE(offset);
    if (!(length >= HEADER_BYTES && offset + length <= datagram.length)) break;
    const type = datagram.readUInt16LE(offset + 4);
    const payload = datagram.subarray(offset + HEADER_BYTES, offset + length);
    const ours = datagram.readUInt32LE(offset + 8) === sequence;
    if (ours && datagram.readUInt16LE(offset + 6) & NLM_F_DUMP_INTR) interrupted = true;
    if (ours && (type === NLMSG_ERROR || type === NLMSG_DONE)) {
      // Both begin with a negative errno, or 0.
      const error = payload.length >= 4 ? Math.abs(payload.readInt32LE(0)) : 0;
      return { messages, done: true, interrupted, error };
    }
    if (ours && type >= NLMSG_MIN_TYPE) messages.push({ type, payload });
    // NLMSG_ALIGN
    offset += (length + 3) & ~3;
  }
  return { messages, done: false, interrupted, error: 0 };
}

function dumpOnce(protocol: number, type: number, payload: Uint8Array) {
  const fail = (code: string): never => {
    throw new HostError(code, `${protocol}/${type}`, 'netlink');
  };
  const fd: number = libc('int socket(int domain, int type, int protocol)')(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
  if (fd < 0) fail(errnoName(errno()));
  try {
    const timeout = Buffer.from(new BigInt64Array([TIMEOUT_SECONDS, 0n]).buffer);
    libc('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)')(
      fd,
      SOL_SOCKET,
      SO_RCVTIMEO,
      timeout,
      timeout.length,
    );
    const address = Buffer.alloc(ADDRESS_BYTES);
    address.writeUInt16LE(AF_NETLINK);
    const request = requestOf(type, SEQUENCE, payload);
    const send = libc(
      'intptr_t sendto(int fd, const void *data, size_t length, int flags, void *to, uint32_t toLength)',
    );
    if (retried(() => send(fd, request, request.length, 0, address, ADDRESS_BYTES)) < 0) fail(errnoName(errno()));
    return receiveAll(fd, fail);
  } finally {
    closeSync(fd);
  }
}

function receiveAll(
  fd: number,
  fail: (code: string) => never,
): { readonly datagrams: readonly Buffer[]; readonly interrupted: boolean } {
  const receive = libc('intptr_t recvfrom(int fd, void *into, size_t length, int flags, void *from, void *fromLength)');
  const datagrams: Buffer[] = [];
  const buffer = Buffer.allocUnsafe(RECEIVE_BYTES);
  const from = Buffer.alloc(ADDRESS_BYTES);
  const fromLength = Buffer.alloc(4);
  let interrupted = false;
  for (;;) {
    fromLength.writeUInt32LE(ADDRESS_BYTES);
    const count = retried(() => receive(fd, buffer, RECEIVE_BYTES, MSG_TRUNC, from, fromLength));
    if (count < 0) {
      const code = errnoName(errno());
      // Answers were dropped for want of memory: as if the tables had changed meanwhile.
      if (code === 'ENOBUFS') return { datagrams, interrupted: true };
      fail(code === 'EAGAIN' ? 'ETIMEDOUT' : code);
    }
    if (!(count > 0 && count <= RECEIVE_BYTES)) fail('EBADMSG');
    // Only the kernel has port 0.
    if (from.readUInt32LE(4) !== 0) continue;
    const bytes = Buffer.from(buffer.subarray(0, count));
    datagrams.push(bytes);
    const datagram = parseDatagram(bytes, SEQUENCE);
    interrupted ||= datagram.interrupted;
    if (datagram.error !== 0) fail(errnoName(datagram.error));
    if (datagram.done) return { datagrams, interrupted };
  }
}

/** Calls again while a signal interrupts. */
function retried(call: () => number): number {
  for (;;) {
    const result = call();
    if (result >= 0 || errnoName(errno()) !== 'EINTR') return result;
  }
}

function requestOf(type: number, sequence: number, payload: Uint8Array): Buffer {
  const request = Buffer.alloc(HEADER_BYTES + payload.length);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(type, 4);
  request.writeUInt16LE(NLM_F_DUMP_REQUEST, 6);
  request.writeUInt32LE(sequence, 8);
  request.set(payload, HEADER_BYTES);
  return request;
}
