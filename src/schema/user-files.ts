import { HostError } from '../base/errors.ts';
import type { FileStat, Files, OpenFile } from '../host/host.ts';
import type { PasswdEntry } from '../parse/passwd.ts';

/**
 * Opens a regular file in the home of a user. Whoever runs this program may read more than the user, who may put a link to
 * `/etc/shadow` in the place of a history: such a file is refused with EACCES. Throws `HostError`.
 */
export function openUserFile(files: Files, path: string, user: PasswdEntry): OpenFile {
  const file = files.open(path);
  try {
    const { stat } = file;
    if (stat.kind !== 'regular') throw new HostError('EOPNOTSUPP', path, 'read');
    if (!mayRead(files, path, stat, user)) throw new HostError('EACCES', path, 'read as its user');
    return file;
  } catch (cause) {
    file[Symbol.dispose]();
    throw cause;
  }
}

/** What is the user's own or lies in the home; of what a link leads to elsewhere, only what everybody may read. */
function mayRead(files: Files, path: string, stat: FileStat, user: PasswdEntry): boolean {
  if (user.uid === 0 || stat.uid === user.uid) return true;
  const real = files.realPath(path);
  // A second name may be a hard link to a file of somebody else.
  if (stat.links === 1 && real.startsWith(`${withoutSlash(files.realPath(user.directory))}/`)) return true;
  return (stat.mode & 0o004) !== 0 && directoriesAbove(real).every((above) => (files.stat(above).mode & 0o001) !== 0);
}

function directoriesAbove(path: string): string[] {
  const names = path.split('/').slice(1, -1);
  return names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`);
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
