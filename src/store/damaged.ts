import type { StoreFiles } from './store.ts';

/** Primary result codes of SQLite: https://sqlite.org/rescode.html */
const CODE = { error: 1, nomem: 7, readonly: 8, io: 10, corrupt: 11, full: 13, notADatabase: 26 };
/** Ours to mend, not of the disk: `ERROR`, `CONSTRAINT`, `MISMATCH`, `MISUSE` and `RANGE`. */
const OURS = new Set([CODE.error, 19, 20, 21, 25]);
/** Extended ones of `io`: what is in the file cannot be read, `READ`, `SHORT_READ`, `DATA` and `CORRUPTFS`. */
const UNREADABLE = new Set([266, 522, 8202, 8458]);
/** A write that the system refuses for as long as the disk is as it is. */
const REFUSED = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EIO']);

/** Whether SQLite says that a file is no database, or not a whole one, or that a part of it cannot be read any more. */
export function isDamage(cause: unknown): boolean {
  const code = codeOf(cause);
  return code !== undefined && ([CODE.corrupt, CODE.notADatabase].includes(code & 0xff) || UNREADABLE.has(code));
}

/** Whether the disk does not take what is to be written: it is full, read-only or broken, a limit is reached. */
export function isRefusal(cause: unknown): boolean {
  const code = codeOf(cause);
  if (code === undefined) return REFUSED.has((cause as NodeJS.ErrnoException).code ?? '');
  return [CODE.nomem, CODE.readonly, CODE.io, CODE.full].includes(code & 0xff) && !UNREADABLE.has(code);
}

/** Whether a statement of ours failed for the system's sake, whatever it was. */
export function isOfTheSystem(cause: unknown): boolean {
  const code = codeOf(cause);
  return code !== undefined && !OURS.has(code & 0xff) && !isDamage(cause);
}

/** Whether the disk did not do what it was to: fatal for who reads, as there may be nothing to be read ever again. */
export function isIoError(cause: unknown): boolean {
  return ((codeOf(cause) ?? 0) & 0xff) === CODE.io;
}

function codeOf(cause: unknown): number | undefined {
  const code = (cause as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === 'number' ? code : undefined;
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
