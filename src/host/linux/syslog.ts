import { errnoName } from './errors.ts';
import { errno, libc } from './native.ts';

/** `socket(2)`, `unix(7)`. */
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of a path in `struct sockaddr_un`, its NUL among them. */
const MAX_PATH = 108;

/** Where syslog(3) sends to. */
const DEV_LOG = '/dev/log';

/** Who listened before is gone. */
const GONE = new Set(['ECONNREFUSED', 'ENOTCONN', 'EDESTADDRREQ', 'EPIPE', 'ECONNRESET']);

const NOTHING = Buffer.alloc(0);

/**
 * A connection to the syslog of this machine, by datagrams or, where it listens for those, a stream. `send` gives the name
 * of the error where a message could not be sent; it never waits. A syslog that was started anew is found again.
 */
export class SyslogSocket implements Disposable {
  readonly #path: string;
  #fd = -1;
  #stream = false;
  /** What a stream has not taken yet of a message. */
  #rest: Buffer = NOTHING;

  constructor(path = DEV_LOG) {
    this.#path = path;
  }

  send(message: string): string | undefined {
    const first = this.#trySend(message);
    if (first === undefined || !GONE.has(first)) return first;
    this[Symbol.dispose]();
    return this.#trySend(message);
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) libc('int close(int fd)')(this.#fd);
    this.#fd = -1;
    this.#rest = NOTHING;
  }

  #trySend(message: string): string | undefined {
    if (this.#fd < 0) {
      const failed = this.#connect();
      if (failed !== undefined) return failed;
    }
    if (this.#rest.length > 0) {
      const failed = this.#give(this.#rest);
      if (failed !== undefined || this.#rest.length > 0) return failed ?? 'EAGAIN';
    }
    // In a stream a NUL ends a message, as with syslog(3).
    return this.#give(Buffer.from(this.#stream ? `${message}\0` : message));
  }

  #give(bytes: Buffer): string | undefined {
    const send = libc('intptr_t send(int fd, const void *data, size_t length, int flags)');
    const sent: number = send(this.#fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return errnoName(errno());
    this.#rest = bytes.subarray(sent);
    return undefined;
  }

  #connect(): string | undefined {
    const failed = this.#connectBy(SOCK_DGRAM);
    return failed === 'EPROTOTYPE' ? this.#connectBy(SOCK_STREAM) : failed;
  }

  #connectBy(type: number): string | undefined {
    if (Buffer.byteLength(this.#path) >= MAX_PATH) return 'ENAMETOOLONG';
    const address = Buffer.alloc(2 + MAX_PATH);
    address.writeUInt16LE(AF_UNIX);
    address.write(this.#path, 2);
    const fd: number = libc('int socket(int domain, int type, int protocol)')(
      AF_UNIX,
      type | SOCK_CLOEXEC | SOCK_NONBLOCK,
      0,
    );
    if (fd < 0) return errnoName(errno());
    const connect = libc('int connect(int fd, const void *address, uint32_t length)');
    if (connect(fd, address, address.length) !== 0) {
      const code = errnoName(errno());
      libc('int close(int fd)')(fd);
      return code;
    }
    this.#fd = fd;
    this.#stream = type === SOCK_STREAM;
    return undefined;
  }
}
