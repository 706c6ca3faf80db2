import type { Mount } from '../parse/mounts.ts';

/** File systems behind which somebody else answers, for all of their files or for none. */
const SERVED =
  /^(fuse(\.|blk$|$)|nfs4?$|cifs$|smb3$|smbfs$|9p$|virtiofs$|ceph$|afs$|glusterfs|lustre$|gfs2$|ocfs2$|davfs$)/;

/** Links on the way, as the kernel follows them. */
const MOST_LINKS = 40;

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
  let at = '';
  let links = 0;
  const rest = path.split('/').reverse();
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const next = `${at}/${name}`;
    const mount = mountOf(next, mounts);
    // Nothing in it may be looked at.
    if (mount !== undefined && mount.path !== '/' && SERVED.test(mount.type)) return mount.path;
    const target = links < MOST_LINKS ? linkAt(next) : undefined;
    if (target === undefined) at = next;
    else {
      links += 1;
      if (target.startsWith('/')) at = '';
      rest.push(...target.split('/').reverse());
    }
  }
  return path;
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
