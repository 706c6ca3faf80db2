import type { Mount } from '../parse/mounts.ts';

/** Where a call hangs, and what nobody should touch for a while. */
export interface HungPlace {
  /** As the status log names it: `/mnt/dead (fuse.sshfs)`, or the path itself. */
  readonly name: string;
  /** The path that was asked for, and the mount where it leads into one. */
  readonly paths: readonly string[];
}

/**
 * Types of file systems that ask nobody: disks, and the kernel's own. Of one of these a path is left alone, of all others the
 * whole mount: a server that does not answer for one file answers for none.
 */
const LOCAL: ReadonlySet<string> = new Set(
  (
    'bcachefs binfmt_misc bpf btrfs cgroup cgroup2 configfs cramfs debugfs devpts devtmpfs efivarfs erofs exfat ext2 ext3 ' +
    'ext4 f2fs fusectl hfs hfsplus hugetlbfs iso9660 jffs2 jfs minix mqueue msdos nilfs2 nsfs ntfs3 overlay proc pstore ' +
    'ramfs reiserfs rootfs rpc_pipefs securityfs selinuxfs smackfs squashfs sysfs tmpfs tracefs ubifs udf ufs vfat xfs zfs'
  ).split(' '),
);

/** As the kernel follows at most. */
const MAX_LINKS = 40;

/** Links of the kernel that lead to files without a path, or with one of another namespace. */
const MAGIC = /^\/proc\/[^/]+\/(?:cwd|exe|fd|map_files|root|task)(?:\/|$)/;

/**
 * The place of a path that does not answer. It is found from the list of mounts; links are read only where no foreign file
 * system has been entered, one component after the other, so that this cannot hang as well. `readLink` rejects what is no link.
 */
export async function hungPlace(
  path: string,
  mounts: Iterable<Mount>,
  readLink: (path: string) => Promise<string>,
): Promise<HungPlace> {
  const foreign = new Map<string, Mount>();
  for (const mount of mounts) {
    // The last one that is mounted at a path hides those before it.
    if (LOCAL.has(mount.type) || mount.path === '/') foreign.delete(mount.path);
    else foreign.set(mount.path, mount);
  }
  const mount = await foreignMount(path, foreign, readLink);
  if (mount === undefined) return { name: path, paths: [path] };
  const inside = path === mount.path || path.startsWith(`${mount.path}/`);
  return { name: `${mount.path} (${mount.type})`, paths: inside ? [mount.path] : [mount.path, path] };
}

async function foreignMount(
  path: string,
  foreign: ReadonlyMap<string, Mount>,
  readLink: (path: string) => Promise<string>,
): Promise<Mount | undefined> {
  let at = '';
  let links = 0;
  for (let rest = path.split('/'); rest.length > 0; ) {
    const name = rest.shift()!;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const next = `${at}/${name}`;
    const mount = foreign.get(next);
    if (mount !== undefined) return mount;
    if (MAGIC.test(next)) return undefined;
    const target = await readLink(next).catch(() => undefined);
    if (target === undefined) {
      at = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return undefined;
    if (target.startsWith('/')) at = '';
    rest = [...target.split('/'), ...rest];
  }
  return undefined;
}
