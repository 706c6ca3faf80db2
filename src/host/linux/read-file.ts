import { type BigIntStats, closeSync, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import { DEFAULT_READ_LIMIT, type FileStat, type OpenFile, type ReadLimit } from '../host.ts';
import { hostError } from './errors.ts';
import { openLeased } from './lease.ts';
import { LinuxStat } from './stat.ts';

/** `open(2)`; the numbers are the same on every architecture Node runs on, but O_DIRECTORY and O_NOFOLLOW are not. */
export const O_PATH = 0o10000000;
export const O_CLOEXEC = 0o2000000;
/** Not waiting for the other end of a pipe, nor becoming the owner of a terminal. */
export const O_READ = 0o4000 | 0o400 | O_CLOEXEC;

/** A descriptor to read from; `stats` where they were needed to open it. */
export interface Opened {
  readonly fd: number;
  readonly stats: BigIntStats | undefined;
}

/** One buffer for all reads, which are synchronous: 64 KiB holds all but the longest files of procfs. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** Reads a whole file and hands the bytes to `take`, which must not keep them. */
export function readAll<T>(
  { fd, stats }: Opened,
  path: string,
  options: ReadLimit | undefined,
  take: (bytes: Buffer, start: number, end: number) => T,
): T {
  const limit = options?.limit ?? DEFAULT_READ_LIMIT;
  try {
    if (stats !== undefined && stats.size > limit && stats.isFile()) throw new HostError('EFBIG', path, 'read');
    let bytes: Buffer = shared;
    let length = 0;
    // A short read is not the end: `seq_file` of the kernel gives a page at a time.
    for (;;) {
      const count = readSync(fd, bytes, length, bytes.length - length, -1);
      if (count === 0) return take(bytes, 0, length);
      length += count;
      if (length > limit) throw new HostError('EFBIG', path, 'read');
      if (length === bytes.length) bytes = grow(bytes);
    }
  } catch (cause) {
    throw hostError(cause, path, 'read');
  } finally {
    closeSync(fd);
  }
}

export function asText(bytes: Buffer, start: number, end: number): string {
  return decodeText(bytes, start, end);
}

export function asBytes(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(bytes.subarray(start, end));
}

function grow(bytes: Buffer): Buffer {
  const larger = Buffer.allocUnsafeSlow(bytes.length * 4);
  bytes.copy(larger);
  return larger;
}

/** What is read away by whoever reads it: the log of the kernel, `proc_kmsg(5)`, and the pipes of tracing. */
export const READ_ONCE = /^\/proc\/kmsg$|\/trace_pipe(?:_raw)?$/s;

/**
 * Opens for reading what the O_PATH descriptor `found` stands for, which stays open: a regular file, or a block device where
 * `devices` says so. Anything else is refused *before* it is opened, since opening can already do something: a link to
 * /dev/watchdog in a home directory would reboot the machine, a FIFO would block. Nobody can exchange it between.
 */
export function openFound(found: number, path: string, operation: string, devices: boolean): Opened {
  try {
    const stats = fstatSync(found, { bigint: true });
    if (stats.isDirectory()) throw new HostError('EISDIR', path, operation);
    if (!stats.isFile() && !(devices && stats.isBlockDevice())) throw new HostError('EOPNOTSUPP', path, operation);
    // What the kernel makes up has no size.
    if (stats.size === 0n && READ_ONCE.test(pathOf(found, path))) throw new HostError('EOPNOTSUPP', path, operation);
    const at = `/proc/self/fd/${found}`;
    return { fd: openLeased(() => openSync(at, O_READ)), stats };
  } catch (cause) {
    throw hostError(cause, path, operation);
  }
}

/** Where what a descriptor stands for lies now; ENOENT where it was deleted. */
export function pathOf(fd: number, shown: string): string {
  const path = decodeText(readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }));
  if (path.endsWith(DELETED) && fstatSync(fd).nlink === 0) throw new HostError('ENOENT', shown, 'realpath');
  return path;
}

/** What the kernel puts behind the path of what was deleted, `proc_pid_fd(5)`. */
const DELETED = ' (deleted)';

export class LinuxOpenFile implements OpenFile {
  readonly #path: string;
  readonly #real: (fd: number) => string;
  readonly stat: FileStat;
  #fd: number;

  constructor(path: string, { fd, stats }: Opened, real: (fd: number) => string) {
    this.#path = path;
    this.#real = real;
    this.#fd = fd;
    this.stat = new LinuxStat(stats ?? fstatSync(fd, { bigint: true }));
  }

  realPath(): string {
    return this.#attempt('realpath', () => this.#real(this.#fd));
  }

  read(into: Uint8Array): number {
    return this.#attempt('read', () => readSync(this.#fd, into, 0, into.length, -1));
  }

  readAt(into: Uint8Array, position: number): number {
    return this.#attempt('read', () => readSync(this.#fd, into, 0, into.length, position));
  }

  #attempt<T>(operation: string, call: () => T): T {
    try {
      return call();
    } catch (cause) {
      throw hostError(cause, this.#path, operation);
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}
