import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseLocks } from '../../base/file-locks.ts';

/** What opening the store does on the machine we run on (`StoreFiles` of `store/store.ts`). */
export const storeFiles = {
  makeDirectory,
  create: (path: string): void => closeSync(openSync(path, 'a', 0o600)),
  exists: (path: string): boolean => existsSync(path),
  rename: (from: string, to: string): void => renameSync(from, to),
  remove: (path: string): void => rmSync(path),
  lockHolder,
};

/** Not `recursive`: below `/proc` that never ends. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || existsSync(parent)) throw cause;
    makeDirectory(parent);
    mkdirSync(path, { mode: 0o700 });
  }
}

function lockHolder(path: string): number | undefined {
  try {
    const { dev, ino } = statSync(path);
    // `makedev(3)`; the kernel writes each with two digits at least.
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
    const device = [major, minor].map((number) => number.toString(16).padStart(2, '0')).join(':');
    for (const lock of parseLocks(readFileSync('/proc/locks', 'utf8'))) {
      if (lock.inode === ino && lock.device === device && lock.pid > 0) return lock.pid;
    }
  } catch {
    // Without procfs nobody can tell.
  }
  return undefined;
}
