import { HostError } from '../base/errors.ts';
import type { Files, OpenFile } from '../host/host.ts';
import { mayEverybodyRead } from '../host/open-shown.ts';
import type { PasswdEntry } from '../parse/passwd.ts';

/**
 * Opens a regular file in the home of a user. Whoever runs this program may read more than the user, who may put a link to
 * `/etc/shadow` in the place of a history: such a file is refused with EACCES. Throws `HostError`.
 */
export function openUserFile(files: Files, path: string, user: PasswdEntry): OpenFile {
  const file = files.open(path);
  try {
    if (file.stat.kind !== 'regular') throw new HostError('EOPNOTSUPP', path, 'read');
    if (!mayRead(files, file, user)) throw new HostError('EACCES', path, 'read as its user');
    return file;
  } catch (cause) {
    file[Symbol.dispose]();
    throw cause;
  }
}

/**
 * What is the user's own or lies in the home; of what a link leads to elsewhere, only what everybody may read. Judged is the
 * file that is open, and where that lies: its name may lead elsewhere by now.
 */
function mayRead(files: Files, file: OpenFile, user: PasswdEntry): boolean {
  const { stat } = file;
  if (user.uid === 0 || stat.uid === user.uid) return true;
  const real = file.realPath();
  // A second name may be a hard link to a file of somebody else.
  if (stat.links === 1 && real.startsWith(`${homeOf(files, user)}/`)) return true;
  return mayEverybodyRead(files, file);
}

/** Where the home lies. One that a link leads to counts only if it is the user's: who made the link chose whose home it is. */
function homeOf(files: Files, user: PasswdEntry): string {
  const named = withoutSlash(user.directory);
  const real = withoutSlash(files.realPath(user.directory || '/'));
  return real === named || files.stat(real).uid === user.uid ? real : named;
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
