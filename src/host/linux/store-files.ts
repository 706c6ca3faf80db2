import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { parseLocks } from '../../base/file-locks.ts';
import { NotOurFile, openOwn } from './own-file.ts';
import { distrusted, notOurs } from './trusted-path.ts';

const { O_APPEND, O_CREAT, O_RDWR } = constants;

/** What SQLite makes beside a database. */
const BESIDE = ['-wal', '-shm', '-journal'];
const OTHERS = 0o077;

/** What opening the store does on the machine we run on (`StoreFiles` of `store/store.ts`). */
export const storeFiles = {
  distrusted: (directory: string): string | undefined => distrusted(directory),
  makeDirectory,
  create,
  exists: (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  rename: (from: string, to: string): void => renameSync(from, to),
  remove: (path: string): void => rmSync(path),
  lockHolder,
};

/** The same with `--allow_unsafe`: whoever else may write there is trusted. */
export const unsafeStoreFiles = {
  ...storeFiles,
  distrusted: (_directory: string): undefined => undefined,
  create: (path: string): void => closeSync(openSync(path, 'a', 0o600)),
};

/** What lies there from before must be ours alone, too; whoever could read it cannot any more. */
function create(path: string): void {
  const fd = openOwn(path, O_RDWR | O_CREAT | O_APPEND, 0o600);
  try {
    if ((fstatSync(fd).mode & OTHERS) !== 0) fchmodSync(fd, 0o600);
  } finally {
    closeSync(fd);
  }
  for (const suffix of BESIDE) {
    const stats = lstatSync(path + suffix, { throwIfNoEntry: false });
    const reason = stats && notOurs(stats);
    if (reason !== undefined) throw new NotOurFile(path + suffix, reason);
  }
}

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
