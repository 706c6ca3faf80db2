import type { DirectoryScan } from './scan.ts';

/**
 * The machine as an interface. Tables see only this: `LinuxHost` is the real one (or a directory posing as one with
 * `--root`), `MemoryHost` a fake one held in memory. Everything is synchronous, because a virtual table is.
 */

export type FileKind = 'regular' | 'directory' | 'symlink' | 'block' | 'character' | 'fifo' | 'socket' | 'unknown';

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: FileKind;
}

/** What `scan` may know beyond the entry. Its `FileStat`s are right until the next entry is pulled, no longer. */
export interface ScannedEntry extends DirectoryEntry {
  /** Of the entry itself, links not followed; undefined where nobody looked or the look failed. */
  readonly stat?: FileStat | undefined;
  /** Of what a link leads to; null where it leads nowhere that we may look, undefined where nobody looked. */
  readonly target?: FileStat | null | undefined;
}

export interface ScanOptions {
  /** The entries will be looked at: a host that can do so at half the price fills in `stat`. */
  readonly stat?: boolean;
}

/** `stat(2)` as numbers; times in seconds since the epoch with a fraction. `inode` and `device` above 2^53 are rounded. */
export interface FileStat {
  readonly kind: FileKind;
  /** Type and permission bits, `st_mode`. */
  readonly mode: number;
  readonly inode: number;
  readonly device: number;
  readonly links: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a block or character file the device it stands for, `st_rdev`; else 0. `device` is where the file itself lies. */
  readonly specialDevice: number;
  readonly size: number;
  readonly blockSize: number;
  /** In 512-byte units. */
  readonly blocks: number;
  readonly atime: number;
  readonly mtime: number;
  readonly ctime: number;
  /** Birth time; 0 where the file system has none. */
  readonly btime: number;
}

/** A file open for reading; close it in a `finally`, or let `using` do it. */
export interface OpenFile extends Disposable {
  readonly stat: FileStat;
  /** Where this very file lies now, every link resolved, whatever its name leads to meanwhile. Throws `HostError`. */
  realPath(): string;
  /** Reads the next bytes into `into`; 0 at the end. */
  read(into: Uint8Array): number;
  /** Reads at `position` without moving. */
  readAt(into: Uint8Array, position: number): number;
}

export interface ReadLimit {
  /** Bytes read at most; a longer file throws `HostError` EFBIG. Default `DEFAULT_READ_LIMIT`. */
  readonly limit?: number;
}

/** 64 MiB: larger than any file that a table reads whole (dpkg's status of a full desktop is 8 MiB). */
export const DEFAULT_READ_LIMIT = 64 * 1024 * 1024;

/**
 * Read-only access to files. Paths are absolute; a name that is not UTF-8 is text with escaped bytes (see `base/text`).
 * Every method throws `HostError`. Symbolic links are followed inside the root, except by the `link*` methods; only
 * the last component differs.
 */
export interface Files {
  /** Where relative paths of a query begin: where the program was started; `/` of other machines than the live one. */
  workingDirectory(): string;
  /** The whole file as text (invalid bytes escaped). Good for procfs: works with files whose size reads as 0. */
  readText(path: string, options?: ReadLimit): string;
  readBytes(path: string, options?: ReadLimit): Buffer;
  /** The entries of a directory without `.` and `..`, in no particular order. */
  list(path: string): readonly DirectoryEntry[];
  /** As `list`, but streamed: a directory of a million files is never held. */
  scan(path: string, options?: ScanOptions): DirectoryScan;
  stat(path: string): FileStat;
  linkStat(path: string): FileStat;
  readLink(path: string): string;
  exists(path: string): boolean;
  /** The canonical path inside the root, every link resolved. */
  realPath(path: string): string;
  open(path: string): OpenFile;
  /** Extended attributes, names to values; empty where the file system has none (`xattr(7)`). Follows links. */
  attributes(path: string): Attributes;
}

export interface Attributes extends ReadonlyMap<string, Buffer> {
  /** How many more the file has, of which there was too much to hold. */
  readonly leftOut?: number;
}

/** What only a running kernel can answer; absent for `--root` and for fake machines without one. */
export interface Kernel {
  /** `uname(2)`. */
  identity(): {
    readonly sysname: string;
    readonly node: string;
    readonly release: string;
    readonly version: string;
    readonly machine: string;
  };
  /** `sysconf(_SC_CLK_TCK)`; 100 on every Linux we know. */
  readonly ticksPerSecond: number;
  readonly pageSize: number;
  /** Wall clock, seconds since the epoch, with a fraction. */
  now(): number;
  /** The IANA name or POSIX string of the machine's time zone, as `TZ` has it. */
  readonly timeZone: string;
  /** Numeric id of this process. */
  readonly pid: number;
  /** Effective user id of this process. */
  readonly uid: number;
  /**
   * A netlink dump (`netlink(7)`, `NLM_F_DUMP`): sends one request on `protocol` (NETLINK_ROUTE 0, NETLINK_SOCK_DIAG 4)
   * with message type `type` and `payload`; yields each answer message's type and payload (header removed).
   */
  netlinkDump(
    protocol: number,
    type: number,
    payload: Uint8Array,
  ): Iterable<{ readonly type: number; readonly payload: Buffer }>;
  /** `statfs(2)` of a mounted file system; undefined where it does not answer. */
  fileSystem(path: string): FileSystemStat | undefined;
  /** The CPUID instruction; undefined off x86 or where executable memory is refused. */
  cpuid(
    leaf: number,
    subleaf: number,
  ): { readonly eax: number; readonly ebx: number; readonly ecx: number; readonly edx: number } | undefined;
  /** Accounts as the name service switch (LDAP, SSSD, files) sees them: `getpwent(3)`, `getgrent(3)`. */
  accounts(): Iterable<Account>;
  account(key: { readonly uid: number } | { readonly name: string }): Account | undefined;
  groups(): Iterable<Group>;
  group(key: { readonly gid: number }): Group | undefined;
  /** The groups of an account, its own `gid` among them: `getgrouplist(3)`. */
  groupIds(name: string, gid: number): readonly number[];
}

export interface FileSystemStat {
  readonly blockSize: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly blocksAvailable: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export interface Host {
  readonly platform: 'linux';
  readonly files: Files;
  /** Undefined when only files can be read. */
  readonly kernel: Kernel | undefined;
  /** The machine as process `pid` sees its files: its own root and mounts (`/proc/<pid>/root`), no kernel. */
  within(pid: number): Host;
}
