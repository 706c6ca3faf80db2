import { constants } from 'node:fs';
import type { FileStat } from '../host.ts';
import { KernelStat } from './kernel-stat.ts';
import { libc } from './native.ts';
import { AT_FDCWD, openat2, RESOLVE } from './openat2.ts';
import { O_FIND, readLinkAt } from './walk-path.ts';

/** What a kernel says that is older than Linux 5.12. */
const NOT_BY_KERNEL = new Set(['EINVAL', 'E2BIG']);

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
  const flags = follow ? O_FIND : O_FIND | constants.O_NOFOLLOW;
  const fd = openat2(AT_FDCWD, path, { flags, resolve: RESOLVE.cached | RESOLVE.noMagicLinks }, 'stat');
  if (typeof fd !== 'number') {
    supported = fd !== undefined && !NOT_BY_KERNEL.has(fd);
    return undefined;
  }
  try {
    return look(fd);
  } finally {
    libc('int close(int fd)')(fd);
  }
}
