import { closeSync, constants, fchmodSync, fchownSync, fstatSync, openSync } from 'node:fs';
import { HostError, ifPresent, UserError } from '../../base/errors.ts';
import { encodeText } from '../../base/text.ts';
import { errnoName, hostError, native } from './errors.ts';
import { addressOf, errno, libc } from './native.ts';
import { O_CLOEXEC, O_PATH } from './read-file.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
/** `flock(2)`. */
const LOCK_EX = 2;
const LOCK_NB = 4;

/** A named pipe that others write to, `fifo(7)`, and only we read from. */
export class NamedPipe implements Disposable {
  readonly fd: number;
  readonly #path: string;
  readonly #read = libc('intptr_t read(int fd, uintptr_t data, size_t length)');

  /**
   * Makes the pipe where there is none, with a mode and, if it is known, a group; one that is there stays as it is. Throws
   * `HostError`, or `UserError` where it is no pipe or somebody else reads from it.
   */
  constructor(path: string, mode: number, gid: number | undefined) {
    this.#path = path;
    const existing = ifPresent(() => open(path));
    if (existing === undefined) make(path);
    this.fd = existing ?? open(path);
    try {
      lock(this.fd, path);
      if (existing === undefined && gid !== undefined) fchownSync(this.fd, -1, gid);
      if (existing === undefined) fchmodSync(this.fd, mode);
    } catch (cause) {
      closeSync(this.fd);
      throw hostError(cause, path, 'open');
    }
  }

  /** How many bytes came into `into`, from `start`; 0 where there are none. Never waits. */
  read(into: Buffer, start: number): number {
    const length: number = this.#read(this.fd, addressOf(into) + start, into.length - start);
    if (length >= 0) return length;
    const code = errnoName(errno());
    if (code === 'EAGAIN' || code === 'EINTR') return 0;
    throw new HostError(code, this.#path, 'read');
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/** Until it has its group and mode, nobody else may open it. */
function make(path: string): void {
  // Else it would be made where no file is looked for.
  if (!path.startsWith('/') || path.includes('\0')) throw new HostError('ENOENT', path, 'make');
  const made: number = libc('int mkfifo(const void *path, uint32_t mode)')(encodeText(`${path}\0`), 0o600);
  if (made !== 0) throw new HostError(errnoName(errno()), path, 'make');
}

/**
 * Looked at before it is opened, as opening something else may do something; a link could lead to a pipe of somebody else. It is opened for writing, too: so there is
 * always somebody who writes, no end is ever read, and `poll(2)` waits between one writer and the next.
 */
function open(path: string): number {
  let found: number | undefined;
  try {
    found = openSync(native(path), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (!fstatSync(found).isFIFO()) throw new UserError(`${path} is no named pipe`);
    return openSync(`/proc/self/fd/${found}`, O_RDWR | O_NONBLOCK);
  } catch (cause) {
    throw hostError(cause, path, 'open');
  } finally {
    if (found !== undefined) closeSync(found);
  }
}

function lock(fd: number, path: string): void {
  if (libc('int flock(int fd, int operation)')(fd, LOCK_EX | LOCK_NB) === 0) return;
  const code = errnoName(errno());
  if (code === 'EAGAIN') throw new UserError(`${path}: another program reads from it`);
  throw new HostError(code, path, 'lock');
}
