import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { parseLocks } from '../../base/file-locks.ts';

/** What opening the store does on the machine we run on (`StoreFiles` of `store/store.ts`). */
export const storeFiles = {
  makeDirectory: (path: string): void => void mkdirSync(path, { recursive: true, mode: 0o700 }),
  create: (path: string): void => closeSync(openSync(path, 'a', 0o600)),
  exists: (path: string): boolean => existsSync(path),
  rename: (from: string, to: string): void => renameSync(from, to),
  lockHolder,
};

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
