import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { DEFAULT_READ_LIMIT, type FileStat, type OpenFile, type ReadLimit } from '../host.ts';
import { hostError, native } from './errors.ts';
import { LinuxStat } from './stat.ts';

/** `open(2)`; the numbers are the same on every architecture Node runs on, but O_DIRECTORY and O_NOFOLLOW are not. */
export const O_PATH = 0o10000000;
export const O_CLOEXEC = 0o2000000;
/** Not waiting for the other end of a pipe, nor becoming the owner of a terminal. */
const O_READ = 0o4000 | 0o400 | O_CLOEXEC;

/**
 * What the kernel makes up, where nobody else can put a file, but for the links of a process that lead elsewhere
 * (`proc(5)`).
 */
const MADE_BY_KERNEL = /^\/(?:proc|sys)\/(?!.*\/(?:root|cwd|fd|map_files)(?:\/|$))/s;

/** One buffer for all reads, which are synchronous: 64 KiB holds all but the longest files of procfs. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** Reads a whole file and hands the bytes to `take`, which must not keep them. */
export function readFile<T>(
  path: string,
  options: ReadLimit | undefined,
  take: (bytes: Buffer, start: number, end: number) => T,
): T {
  const limit = options?.limit ?? DEFAULT_READ_LIMIT;
  const { fd, stats } = openFile(path, 'read');
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

function grow(bytes: Buffer): Buffer {
  const larger = Buffer.allocUnsafeSlow(bytes.length * 4);
  bytes.copy(larger);
  return larger;
}

export function open(path: string): OpenFile {
  const { fd, stats } = openFile(path, 'open');
  return new LinuxOpenFile(path, fd, stats ?? fstatSync(fd));
}

/**
 * Opens a regular file or a block device for reading; anything else is refused *before* it is opened, since opening can
 * already do something: a link to /dev/watchdog in a home directory would reboot the machine, a FIFO would block. So
 * the file is found with O_PATH first, looked at, and opened through its descriptor: nobody can exchange it between.
 * That costs 5 microseconds, which the files of procfs and sysfs are spared; their `stats` are absent.
 */
function openFile(path: string, operation: string): { readonly fd: number; readonly stats: Stats | undefined } {
  try {
    if (MADE_BY_KERNEL.test(path)) return { fd: openSync(native(path), O_READ), stats: undefined };
    const found = openSync(native(path), O_PATH | O_CLOEXEC);
    try {
      return reopen(found, path, operation);
    } finally {
      closeSync(found);
    }
  } catch (cause) {
    throw hostError(cause, path, operation);
  }
}

/** Opens for reading what the O_PATH descriptor `found` stands for; it stays open. */
function reopen(found: number, path: string, operation: string): { readonly fd: number; readonly stats: Stats } {
  const stats = fstatSync(found);
  if (stats.isDirectory()) throw new HostError('EISDIR', path, operation);
  if (!stats.isFile() && !stats.isBlockDevice()) throw new HostError('EOPNOTSUPP', path, operation);
  return { fd: openSync(`/proc/self/fd/${found}`, O_READ), stats };
}

class LinuxOpenFile implements OpenFile {
  readonly #path: string;
  readonly stat: FileStat;
  #fd: number;

  constructor(path: string, fd: number, stats: Stats) {
    this.#path = path;
    this.#fd = fd;
    this.stat = new LinuxStat(stats);
  }

  read(into: Uint8Array): number {
    return this.#read(into, -1);
  }

  readAt(into: Uint8Array, position: number): number {
    return this.#read(into, position);
  }

  #read(into: Uint8Array, position: number): number {
    try {
      return readSync(this.#fd, into, 0, into.length, position);
    } catch (cause) {
      throw hostError(cause, this.#path, 'read');
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}
