import { readlinkSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { decodeText, encodeText } from '../../base/text.ts';
import { errnoName } from './errors.ts';
import { addressOf, errno, libc } from './native.ts';

/** `fanotify_init(2)`. */
const FAN_CLOEXEC = 0x1;
const FAN_NONBLOCK = 0x2;
const FAN_REPORT_FID = 0x200;
const FAN_REPORT_DIR_FID = 0x400;
const FAN_REPORT_NAME = 0x800;
const FAN_REPORT_TARGET_FID = 0x1000;
const O_LARGEFILE = 0o100000;
const O_CLOEXEC = 0o2000000;
/** `fanotify_mark(2)`. */
const FAN_MARK_ADD = 0x1;
const FAN_MARK_FILESYSTEM = 0x100;
const AT_FDCWD = -100;
/** `open(2)`. */
const O_DIRECTORY = 0o200000;
const O_PATH = 0o10000000;
/** `struct statfs` of 64-bit machines: where `f_fsid` is. */
const STATFS = { size: 120, fsid: 56 };
const FSID = 8;
/** Some thousand events. */
const BUFFER = 256 * 1024;

/** Marks of whole file systems, whose events come with names, `fanotify(7)`. Needs root and Linux 5.17, or its patches. */
export class Fanotify implements Disposable {
  readonly fd: number;
  readonly #buffer = Buffer.alloc(BUFFER);
  readonly #address = addressOf(this.#buffer);
  readonly #read = libc('intptr_t read(int fd, uintptr_t data, size_t length)');
  readonly #openHandle = libc('int open_by_handle_at(int mount, const void *handle, int flags)');
  /** File systems, by their numbers, to a directory of each, and its descriptor. */
  readonly #mounts = new Map<string, { readonly fd: number; readonly path: string }>();

  /** Throws `HostError`. */
  constructor() {
    const names = FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_TARGET_FID;
    const flags = FAN_CLOEXEC | FAN_NONBLOCK | names;
    this.fd = libc('int fanotify_init(unsigned int flags, unsigned int event_flags)')(flags, O_LARGEFILE | O_CLOEXEC);
    if (this.fd < 0) throw new HostError(errnoName(errno()), 'fanotify', 'open');
  }

  /** Hears of all of the file system that a directory lies in. Throws `HostError` where it cannot be. */
  mark(directory: string, mask: number): void {
    const path = Buffer.concat([encodeText(directory), Buffer.alloc(1)]);
    const add = libc('int fanotify_mark(int fd, unsigned int flags, uint64_t mask, int directory, const void *path)');
    if (add(this.fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask, AT_FDCWD, path) !== 0) fail(directory, 'fanotify_mark');
    const status = Buffer.alloc(STATFS.size);
    if (libc('int statfs(const void *path, void *status)')(path, status) !== 0) fail(directory, 'statfs');
    const id = status.latin1Slice(STATFS.fsid, STATFS.fsid + FSID);
    if (this.#mounts.has(id)) return;
    const fd: number = libc('int open(const void *path, int flags)')(path, O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail(directory, 'open');
    this.#mounts.set(id, { fd, path: directory });
  }

  /** What it holds open. */
  get descriptors(): readonly number[] {
    return [this.fd, ...[...this.#mounts.values()].map(({ fd }) => fd)];
  }

  /** A directory of the file system that a handle is of; empty where it is not known. */
  near(handle: string): string {
    return this.#mounts.get(handle.slice(0, FSID))?.path ?? '';
  }

  /** The path of a directory, by its file system and handle as events have them; undefined if it is gone. */
  pathOf(handle: string): string | undefined {
    const mount = this.#mounts.get(handle.slice(0, FSID))?.fd;
    if (mount === undefined) return undefined;
    const fd: number = this.#openHandle(mount, Buffer.from(handle.slice(FSID), 'latin1'), O_PATH | O_CLOEXEC);
    if (fd < 0) return undefined;
    try {
      const path = decodeText(readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }));
      // One that is gone, but still open somewhere.
      return path.startsWith('/') && !path.endsWith(' (deleted)') ? path : undefined;
    } catch {
      return undefined;
    } finally {
      libc('int close(int fd)')(fd);
    }
  }

  /** Events that came, good until the next call; empty where there are none. */
  read(): Buffer {
    const length: number = this.#read(this.fd, this.#address, BUFFER);
    return this.#buffer.subarray(0, Math.max(length, 0));
  }

  [Symbol.dispose](): void {
    for (const fd of this.descriptors) libc('int close(int fd)')(fd);
  }
}

function fail(path: string, operation: string): never {
  throw new HostError(errnoName(errno()), path, operation);
}
