import { HostError } from '../../base/errors.ts';
import { errnoName } from './errors.ts';
import { addressOf, errno, libc } from './native.ts';

/** `socket(2)`, `netlink(7)`. */
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_KOBJECT_UEVENT = 15;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_PASSCRED = 16;
const SO_RCVBUFFORCE = 33;
const SCM_CREDENTIALS = 2;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;

/** Multicast groups, bits: what the kernel says, and what udev says when its rules have run. */
export const KERNEL = 1;
export const UDEV = 2;

/** Bytes that the kernel may keep for us while we do something else: some thousand devices found at once. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** More than udev sends of one device. */
const MESSAGE = 16 * 1024;

/** `struct sockaddr_nl`: who sent, and to whom. */
const ADDRESS = { size: 12, pid: 4, groups: 8 };
/** `struct msghdr` and `struct iovec` of 64-bit machines, `recvmsg(2)`. */
const HEADER = { size: 56, name: 0, nameLength: 8, vector: 16, vectors: 24, control: 32, controlLength: 40, flags: 48 };
const VECTOR = 16;
/** `struct cmsghdr`, then `struct ucred` with the sender's uid second, `unix(7)`. */
const CONTROL = { size: 32, level: 8, type: 12, uid: 20, end: 28 };

/** What `receive` gives beside messages: the kernel had no room for some; somebody sent one who may not; one was too long. */
export type UeventLoss = 'overrun' | 'untrusted' | 'oversized';

/** Hears what happens to devices. Anybody may. Throws `HostError`. */
export class UeventSocket implements Disposable {
  readonly fd: number;
  readonly #data = Buffer.alloc(MESSAGE);
  readonly #name = Buffer.alloc(ADDRESS.size);
  readonly #control = Buffer.alloc(CONTROL.size);
  readonly #vector = Buffer.alloc(VECTOR);
  readonly #header = Buffer.alloc(HEADER.size);
  readonly #address = addressOf(this.#header);
  readonly #receive = libc('intptr_t recvmsg(int fd, uintptr_t message, int flags)');

  /** `group`: `KERNEL` or `UDEV`. */
  constructor(group: number) {
    this.#vector.writeBigUInt64LE(BigInt(addressOf(this.#data)));
    this.#vector.writeBigUInt64LE(BigInt(MESSAGE), 8);
    this.#header.writeBigUInt64LE(BigInt(addressOf(this.#name)), HEADER.name);
    this.#header.writeBigUInt64LE(BigInt(addressOf(this.#vector)), HEADER.vector);
    this.#header.writeBigUInt64LE(1n, HEADER.vectors);
    this.#header.writeBigUInt64LE(BigInt(addressOf(this.#control)), HEADER.control);
    const socket = libc('int socket(int domain, int type, int protocol)');
    this.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    if (this.fd < 0) throw failed('socket');
    // Without rights what `net.core.rmem_max` allows.
    if (!this.#set(SO_RCVBUFFORCE, RECEIVE_BUFFER)) this.#set(SO_RCVBUF, RECEIVE_BUFFER);
    const address = Buffer.alloc(ADDRESS.size);
    address.writeUInt16LE(AF_NETLINK);
    address.writeUInt32LE(group, ADDRESS.groups);
    const bind = libc('int bind(int fd, const void *address, uint32_t length)');
    if (!this.#set(SO_PASSCRED, 1) || bind(this.fd, address, address.length) !== 0) {
      const cause = failed('bind');
      this[Symbol.dispose]();
      throw cause;
    }
  }

  /** The next message, good until the next call; undefined where there is none. Never waits. */
  receive(): Buffer | UeventLoss | undefined {
    this.#header.writeUInt32LE(ADDRESS.size, HEADER.nameLength);
    this.#header.writeBigUInt64LE(BigInt(CONTROL.size), HEADER.controlLength);
    const length: number = this.#receive(this.fd, this.#address, MSG_DONTWAIT);
    if (length < 0) {
      const cause = failed('receive');
      if (cause.code === 'ENOBUFS') return 'overrun';
      if (cause.code === 'EAGAIN' || cause.code === 'EINTR') return undefined;
      throw cause;
    }
    if (!this.#isTrusted()) return 'untrusted';
    if (this.#header.readUInt32LE(HEADER.flags) & MSG_TRUNC) return 'oversized';
    return this.#data.subarray(0, length);
  }

  [Symbol.dispose](): void {
    libc('int close(int fd)')(this.fd);
  }

  /** As libudev trusts: root sent to a group, and what goes to the kernel's comes from the kernel, whose number is 0. */
  #isTrusted(): boolean {
    const groups = this.#name.readUInt32LE(ADDRESS.groups);
    if (groups === 0 || (groups === KERNEL && this.#name.readUInt32LE(ADDRESS.pid) !== 0)) return false;
    return (
      this.#header.readBigUInt64LE(HEADER.controlLength) >= CONTROL.end &&
      this.#control.readInt32LE(CONTROL.level) === SOL_SOCKET &&
      this.#control.readInt32LE(CONTROL.type) === SCM_CREDENTIALS &&
      this.#control.readUInt32LE(CONTROL.uid) === 0
    );
  }

  #set(name: number, value: number): boolean {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    const set = libc('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
    return set(this.fd, SOL_SOCKET, name, bytes, bytes.length) === 0;
  }
}

function failed(operation: string): HostError {
  return new HostError(errnoName(errno()), 'netlink uevent', operation);
}
