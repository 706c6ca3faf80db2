import { followPath } from '../host/follow-path.ts';
import type { Mount } from '../parse/mounts.ts';

/** File systems behind which somebody else answers, for all of their files or for none. */
const SERVED =
  /^(fuse(\.|blk$|$)|nfs4?$|cifs$|smb3$|smbfs$|9p$|virtiofs$|ceph$|afs$|glusterfs|lustre$|gfs2$|ocfs2$|davfs$)/;

/**
 * What is to be left alone where a call on a path does not return: the whole of a file system that others serve; else only the
 * path, so that nobody can have more than their own files left alone. Undefined for `/`, or where no path is known.
 * `linkAt`: where a link leads, undefined for what is none; it must not wait.
 */
export function hungPlace(
  path: string,
  mounts: readonly Mount[],
  linkAt: (path: string) => string | undefined,
): string | undefined {
  if (path === '' || path === '/') return undefined;
  const served = (at: string) => {
    const mount = mountOf(at, mounts);
    return mount !== undefined && mount.path !== '/' && SERVED.test(mount.type) ? mount.path : undefined;
  };
  // Nothing in it may be looked at.
  return served(followPath(path, linkAt, (at) => served(at) !== undefined)) ?? path;
}

function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let last: Mount | undefined;
  for (const mount of mounts) {
    const lies = mount.path === '/' || path === mount.path || path.startsWith(`${mount.path}/`);
    // Of those that are mounted one over the other the last.
    if (lies && mount.path.length >= (last?.path.length ?? 0)) last = mount;
  }
  return last;
}
