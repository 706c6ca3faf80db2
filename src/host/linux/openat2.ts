import { HostError } from '../../base/errors.ts';
import { encodeText } from '../../base/text.ts';
import { errnoName } from './errors.ts';
import { addressOf, errno, libc } from './native.ts';

/** `openat2(2)`: the same number on every architecture; in Linux since 5.6. */
const SYS_OPENAT2 = 437;
/** The working directory, which an absolute path does not care about. */
export const AT_FDCWD = -100;

/** `RESOLVE_*`, include/uapi/linux/openat2.h. */
export const RESOLVE = {
  /**
   * No link of procfs that leads to a file itself instead of naming one, such as `/proc/<pid>/fd/3`: it may lead out of our
   * mounts, to a file of a user's own file system that never answers.
   */
  noMagicLinks: 0x02,
  /** The directory is `/`. */
  inRoot: 0x10,
  /** Linux 5.12: only by what the kernel has in its caches, else EAGAIN. */
  cached: 0x20,
} as const;

/** Not there (also behind a container's seccomp filter). */
const NOT_SUPPORTED = new Set(['ENOSYS', 'EPERM']);

let supported = true;

/** `struct open_how`: flags, mode, resolve, 64 bits each. */
export const HOW_BYTES = 24;
const own = Buffer.alloc(HOW_BYTES);
/** Where they lie that a sandbox lets through, which sees addresses only. */
let placed: ReadonlyMap<string, number> | undefined;

export function writeHow(into: Buffer, at: number, flags: number, resolve: number): void {
  into.writeBigUInt64LE(BigInt(flags), at);
  into.writeBigUInt64LE(BigInt(resolve), at + 16);
}

/** From here on these are taken from where they lie. */
export function placeHows(addresses: ReadonlyMap<{ readonly flags: number; readonly resolve: number }, number>): void {
  placed = new Map([...addresses].map(([{ flags, resolve }, address]) => [`${flags} ${resolve}`, address]));
}

/** What a path that is not there, or no text for C, says. */
function refuse(path: string, operation: string): void {
  if (!path.startsWith('/') || path.includes('\0')) throw new HostError('ENOENT', path, operation);
}

/**
 * A descriptor; the name of the errno where that fails; undefined where this kernel has no such call. 4 microseconds. Throws
 * `HostError` ENOENT for a path that is not absolute.
 */
export function openat2(
  directory: number,
  path: string,
  { flags, resolve }: { readonly flags: number; readonly resolve: number },
  operation: string,
): number | string | undefined {
  refuse(path, operation);
  return supported ? call(directory, encodeText(`${path}\0`), flags, resolve) : undefined;
}

/** The same for a name, NUL at its end, that lies at an address, relative to the directory. */
export function openat2At(
  directory: number,
  name: number,
  flags: number,
  resolve: number,
): number | string | undefined {
  return supported ? call(directory, name, flags, resolve) : undefined;
}

function call(directory: number, path: Buffer | number, flags: number, resolve: number): number | string | undefined {
  const how = placed?.get(`${flags} ${resolve}`) ?? ownHow(flags, resolve);
  const syscall =
    typeof path === 'number'
      ? libc('intptr_t syscall(intptr_t number, int directory, uintptr_t path, uintptr_t how, size_t size)')
      : libc('intptr_t syscall(intptr_t number, int directory, const void *path, uintptr_t how, size_t size)');
  const fd: number = syscall(SYS_OPENAT2, directory, path, how, HOW_BYTES);
  if (fd >= 0) return fd;
  const code = errnoName(errno());
  if (!NOT_SUPPORTED.has(code)) return code;
  supported = false;
  return undefined;
}

function ownHow(flags: number, resolve: number): number {
  writeHow(own, 0, flags, resolve);
  return addressOf(own);
}
