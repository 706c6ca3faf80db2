import { constants } from 'node:fs';
import { encodeText } from '../../base/text.ts';
import type { FileStat } from '../host.ts';
import { errnoName } from './errors.ts';
import { KernelStat } from './kernel-stat.ts';
import { errno, libc } from './native.ts';
import { O_CLOEXEC, O_PATH } from './read-file.ts';
import { readLinkAt } from './walk-path.ts';

/** `openat2(2)`: the same number on every architecture. */
const SYS_OPENAT2 = 437;
const RESOLVE_NO_MAGICLINKS = 0x02n;
/** Linux 5.12: only by what the kernel has in its caches, else EAGAIN. */
const RESOLVE_CACHED = 0x20n;
const AT_FDCWD = -100;
/** What a kernel says that is older, or behind a filter of a container. */
const NOT_BY_KERNEL = new Set(['EINVAL', 'ENOSYS', 'EPERM', 'E2BIG']);

let supported = true;
let stat: KernelStat | undefined;

/**
 * What the kernel knows of a file without asking anybody: neither a disk nor whoever serves the file system, so it never
 * waits. Undefined where it does not know it, as of most that nobody has used just now, or is older than Linux 5.12.
 */
export function cachedStat(path: string, { follow = true } = {}): FileStat | undefined {
  return withCached(path, follow, (fd) => {
    stat ??= new KernelStat();
    if (!stat.lookCached(fd)) return undefined;
    const { kind, mode, inode, device, links, uid, gid, specialDevice } = stat;
    const { size, blockSize, blocks, atime, mtime, ctime, btime } = stat;
    const times = { atime, mtime, ctime, btime };
    return { kind, mode, inode, device, links, uid, gid, specialDevice, size, blockSize, blocks, ...times };
  });
}

/** Where a symbolic link leads; undefined where it is none, or the kernel does not know it. Ask it of local file systems only. */
export function cachedLink(path: string): string | undefined {
  return withCached(path, false, (fd) => {
    stat ??= new KernelStat();
    return stat.lookCached(fd) && stat.kind === 'symlink' ? readLinkAt(fd, path) : undefined;
  });
}

/** Whether this kernel can be asked so. */
export function hasCachedLooks(): boolean {
  cachedStat('/');
  return supported;
}

function withCached<T>(path: string, follow: boolean, look: (fd: number) => T): T | undefined {
  if (!supported || !path.startsWith('/') || path.includes('\0')) return undefined;
  const how = follow ? FOLLOWED : UNFOLLOWED;
  const syscall = libc(
    'intptr_t syscall(intptr_t number, int directory, const void *path, const void *how, size_t size)',
  );
  const fd: number = syscall(SYS_OPENAT2, AT_FDCWD, encodeText(`${path}\0`), how, how.length);
  if (fd < 0) {
    supported = !NOT_BY_KERNEL.has(errnoName(errno()));
    return undefined;
  }
  try {
    return look(fd);
  } finally {
    libc('int close(int fd)')(fd);
  }
}

/** `struct open_how`: flags, mode, resolve. */
function howTo(flags: number): Buffer {
  return Buffer.from(BigUint64Array.of(BigInt(flags), 0n, RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS).buffer);
}

const FOLLOWED = howTo(O_PATH | O_CLOEXEC);
const UNFOLLOWED = howTo(O_PATH | O_CLOEXEC | constants.O_NOFOLLOW);
