import type { FileKind, FileStat } from '../host.ts';
import { addressOf, libc } from './native.ts';
import { secondsOf } from './seconds.ts';
import { KINDS } from './stat.ts';

/** `struct statx`, `include/uapi/linux/stat.h`, in units of 4 bytes but for the mode, in units of 2. */
const FIELD = {
  blockSize: 1,
  links: 4,
  uid: 5,
  gid: 6,
  mode: 14,
  inode: 8,
  size: 10,
  blocks: 12,
  atime: 16,
  btime: 20,
  ctime: 24,
  mtime: 28,
  specialMajor: 32,
  specialMinor: 33,
  deviceMajor: 34,
  deviceMinor: 35,
};
const STATX_BYTES = 256;
/** `STATX_BASIC_STATS` and `STATX_BTIME`. */
const MASK = 0x7ff | 0x800;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
/** Nobody else is asked, as who serves the file system. */
const AT_STATX_DONT_SYNC = 0x4000;
/** A look must not make the automounter mount something. */
const AT_NO_AUTOMOUNT = 0x800;

const KIND_SHIFT = 12;
const TWO_32 = 2 ** 32;

/**
 * What `statx(2)` says, read where the kernel wrote it when somebody asks for a field: of fifteen a query reads a few.
 * The next look overwrites it.
 */
export class KernelStat implements FileStat {
  readonly #words = new Uint32Array(STATX_BYTES / 4);
  readonly #halves = new Uint16Array(this.#words.buffer);
  readonly #address = addressOf(this.#words);
  readonly #statx = libc('int statx(int directory, uintptr_t name, int flags, unsigned int mask, uintptr_t into)');

  /** Looks at the file, or link, whose name, NUL at its end, lies at the address `name`; false if that fails. */
  look(directory: number, name: number): boolean {
    return this.#statx(directory, name, AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW, MASK, this.#address) === 0;
  }

  /** Looks at what a descriptor stands for; `empty` is the address of a NUL. */
  lookAt(fd: number, empty: number): boolean {
    return this.#statx(fd, empty, AT_EMPTY_PATH, MASK, this.#address) === 0;
  }

  /** Looks at what is open, as far as the kernel knows it; false if that fails. */
  lookCached(fd: number): boolean {
    const flags = AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
    return this.#statx(fd, addressOf(EMPTY), flags, MASK, this.#address) === 0;
  }

  get kind(): FileKind {
    return KINDS[this.mode >> KIND_SHIFT] ?? 'unknown';
  }
  get mode(): number {
    return this.#halves[FIELD.mode]!;
  }
  get inode(): number {
    return this.#long(FIELD.inode);
  }
  get device(): number {
    return makeDevice(this.#words[FIELD.deviceMajor]!, this.#words[FIELD.deviceMinor]!);
  }
  get links(): number {
    return this.#words[FIELD.links]!;
  }
  get uid(): number {
    return this.#words[FIELD.uid]!;
  }
  get gid(): number {
    return this.#words[FIELD.gid]!;
  }
  get specialDevice(): number {
    return makeDevice(this.#words[FIELD.specialMajor]!, this.#words[FIELD.specialMinor]!);
  }
  get size(): number {
    return this.#long(FIELD.size);
  }
  get blockSize(): number {
    return this.#words[FIELD.blockSize]!;
  }
  get blocks(): number {
    return this.#long(FIELD.blocks);
  }
  get atime(): number {
    return this.#time(FIELD.atime);
  }
  get mtime(): number {
    return this.#time(FIELD.mtime);
  }
  get ctime(): number {
    return this.#time(FIELD.ctime);
  }
  get btime(): number {
    return this.#time(FIELD.btime);
  }

  #long(at: number): number {
    return this.#words[at]! + this.#words[at + 1]! * TWO_32;
  }

  /** Seconds (signed, 64 bits) and nanoseconds. */
  #time(at: number): number {
    return secondsOf(this.#words[at]! + (this.#words[at + 1]! | 0) * TWO_32, this.#words[at + 2]!);
  }
}

const EMPTY = Buffer.alloc(1);

/** `makedev(3)` as Linux has it in 64 bits, which is what `stat(2)` gives. */
function makeDevice(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 0x100 + (minor >>> 8) * 0x10_0000 + (major >>> 12) * TWO_32 * 0x1000;
}
