import { HostError, ifReadable } from '../base/errors.ts';
import { followPath } from './follow-path.ts';
import type { Files, OpenFile } from './host.ts';

/**
 * Opens a file whose content is shown, on a path that an unprivileged user may have a say in: it throws `HostError` EACCES
 * where he could lead it, by a link of his own, to what he may not read. What root laid out leads wherever it wants.
 */
export function openShown(files: Files, path: string): OpenFile {
  const file = files.open(path);
  try {
    const way = wayOf(files, path);
    const real = file.realPath();
    const others = [...way.makers].filter((maker) => maker !== file.stat.uid);
    // Where the names lead elsewhere by now, somebody has exchanged one: they tell nothing of the way to this file.
    if (others.length === 0 && way.end === real) return file;
    if (mayEverybodyRead(files, file)) return file;
    if (real === path && file.stat.links === 1) return file;
    throw new HostError('EACCES', path, 'read as who made the link');
  } catch (cause) {
    file[Symbol.dispose]();
    throw cause;
  }
}

/** Whether everybody may read the file that is open, and may go through the directories above it. */
export function mayEverybodyRead(files: Files, file: OpenFile): boolean {
  if ((file.stat.mode & 0o004) === 0) return false;
  const names = file.realPath().split('/').slice(1, -1);
  const above = names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`);
  return above.every((directory) => (files.stat(directory).mode & 0o001) !== 0);
}

/**
 * Users, other than root, who own a directory or a link on the way that a path leads, the file itself left out; and where it
 * leads.
 */
function wayOf(files: Files, path: string): { readonly makers: ReadonlySet<number>; readonly end: string } {
  const makers = new Set<number>();
  const linkAt = (at: string) => {
    const stat = ifReadable(() => files.linkStat(at));
    const isLink = stat?.kind === 'symlink';
    if (stat !== undefined && stat.uid !== 0 && (isLink || stat.kind === 'directory')) makers.add(stat.uid);
    return isLink ? ifReadable(() => files.readLink(at)) : undefined;
  };
  return { makers, end: followPath(path, linkAt, () => false) };
}
