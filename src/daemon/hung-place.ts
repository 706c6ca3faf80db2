import { followPath } from '../host/follow-path.ts';
import { memoryPlace, type UserOf } from '../host/left-alone.ts';
import type { Mount } from '../parse/mounts.ts';

/** Where a call hangs, and what nobody should touch for a while. */
export interface HungPlace {
  /** As the status log names it: `/mnt/dead (fuse.sshfs)`, or the path itself. */
  readonly name: string;
  /** The mount, where the path leads into one that others serve, and then the path that was asked for, unless it lies there. */
  readonly paths: readonly string[];
}

/**
 * Types of file systems that ask nobody: disks, and the kernel's own. Of one of these a path is left alone, of all others the
 * whole mount: a server that does not answer for one file answers for none. So nobody can have more than their own left alone.
 */
const LOCAL: ReadonlySet<string> = new Set(
  (
    'bcachefs binfmt_misc bpf btrfs cgroup cgroup2 configfs cramfs debugfs devpts devtmpfs efivarfs erofs exfat ext2 ext3 ' +
    'ext4 f2fs fusectl hfs hfsplus hugetlbfs iso9660 jffs2 jfs minix mqueue msdos nilfs2 nsfs ntfs3 overlay proc pstore ' +
    'ramfs reiserfs rootfs rpc_pipefs securityfs selinuxfs smackfs squashfs sysfs tmpfs tracefs ubifs udf ufs vfat xfs zfs'
  ).split(' '),
);

/** Links of the kernel that lead to files without a path, or with one of another namespace. */
const MAGIC = /^\/proc\/[^/]+\/(?:cwd|exe|fd|map_files|root|task)(?:\/|$)/;

/**
 * The place of a path that does not answer. It is found from the list of mounts; links are read only where no foreign file
 * system has been entered, so that this cannot hang as well. `linkAt`: where a link leads, undefined for what is none; it must
 * not wait.
 */
export function hungPlace(
  path: string,
  mounts: Iterable<Mount>,
  linkAt: (path: string) => string | undefined,
  userOf: UserOf = () => undefined,
): HungPlace {
  if (path === '' || path === '/') return { name: path, paths: [] };
  const memory = memoryPlace(path, userOf);
  if (memory !== undefined) return { name: `${path}, and all ${memory},`, paths: [path, memory] };
  const foreign = new Map<string, Mount>();
  for (const mount of mounts) {
    // The last one that is mounted at a path hides those before it.
    if (LOCAL.has(mount.type) || mount.path === '/') foreign.delete(mount.path);
    else foreign.set(mount.path, mount);
  }
  const mount = foreign.get(followPath(path, linkAt, (at) => foreign.has(at) || MAGIC.test(at)));
  if (mount === undefined) return { name: path, paths: [path] };
  const lies = path === mount.path || path.startsWith(`${mount.path}/`);
  return { name: `${mount.path} (${mount.type})`, paths: lies ? [mount.path] : [mount.path, path] };
}
