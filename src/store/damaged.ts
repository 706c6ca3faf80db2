import type { StoreFiles } from './store.ts';

/** Primary result codes of SQLite. */
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** Whether SQLite says that a file is no database, or not a whole one. */
export function isDamage(cause: unknown): boolean {
  const code = (cause as { errcode?: unknown }).errcode;
  return typeof code === 'number' && ((code & 0xff) === CORRUPT || (code & 0xff) === NOT_A_DATABASE);
}

/** What `open` gives; a damaged file is moved aside first, with a warning, and a new one begun. */
export function openOrRenew<T>(path: string, files: StoreFiles, warn: (message: string) => void, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    return renew(path, files, warn, cause as Error, open);
  }
}

/** What `open` gives once a damaged file is moved aside, with a warning. Nobody may have it open. */
export function renew<T>(
  path: string,
  files: StoreFiles,
  warn: (message: string) => void,
  damage: Error,
  open: () => T,
): T {
  const aside = freeName(path, files);
  warn(`${path}: damaged (${damage.message}); moved to ${aside}, a new one is begun`);
  // The log belongs to the damaged file and would be played into the new one.
  for (const suffix of ['', '-wal', '-shm']) {
    if (files.exists(path + suffix)) files.rename(path + suffix, aside + suffix);
  }
  files.create(path);
  return open();
}

/** What a damaged file is called, `i` from 1. */
export function damagedName(path: string, i: number): string {
  return `${path}.damaged-${i}`;
}

function freeName(path: string, files: StoreFiles): string {
  for (let i = 1; ; i++) if (!files.exists(damagedName(path, i))) return damagedName(path, i);
}
