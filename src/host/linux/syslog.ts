import { errnoName } from './errors.ts';
import { errno, libc } from './native.ts';

/** `socket(2)`, `unix(7)`. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of a path in `struct sockaddr_un`, its NUL among them. */
const MAX_PATH = 108;

/** Where syslog(3) sends to. */
const DEV_LOG = '/dev/log';

/**
 * A connection to the syslog of this machine. `send` gives the name of the error where a message could not be sent; it
 * never waits. A syslog that was started anew is found again.
 */
export class SyslogSocket implements Disposable {
  readonly #path: string;
  #fd = -1;

  constructor(path = DEV_LOG) {
    this.#path = path;
  }

  send(message: string): string | undefined {
    const bytes = Buffer.from(message);
    const first = this.#trySend(bytes);
    // Who listened before is gone: once more, to who listens now.
    if (first !== 'ECONNREFUSED' && first !== 'ENOTCONN' && first !== 'EDESTADDRREQ') return first;
    this[Symbol.dispose]();
    return this.#trySend(bytes);
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) libc('int close(int fd)')(this.#fd);
    this.#fd = -1;
  }

  #trySend(bytes: Buffer): string | undefined {
    const failed = this.#fd < 0 ? this.#connect() : undefined;
    if (failed !== undefined) return failed;
    const send = libc('intptr_t send(int fd, const void *data, size_t length, int flags)');
    return send(this.#fd, bytes, bytes.length, MSG_NOSIGNAL) < 0 ? errnoName(errno()) : undefined;
  }

  #connect(): string | undefined {
    const address = Buffer.alloc(2 + MAX_PATH);
    address.writeUInt16LE(AF_UNIX);
    if (address.write(this.#path, 2) >= MAX_PATH) return 'ENAMETOOLONG';
    const fd: number = libc('int socket(int domain, int type, int protocol)')(
      AF_UNIX,
      SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
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
    return undefined;
  }
}
