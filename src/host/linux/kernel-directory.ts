import { constants } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import type { ScannedEntry } from '../host.ts';
import { DirectoryScan } from '../scan.ts';
import { errnoName } from './errors.ts';
import { KernelStat } from './kernel-stat.ts';
import { addressOf, errno, libc } from './native.ts';
import { openat2At, RESOLVE } from './openat2.ts';
import { O_CLOEXEC } from './read-file.ts';
import { KINDS } from './stat.ts';
import { O_FIND } from './walk-path.ts';

/** What glibc's `readdir` takes, too: several hundred entries. */
const BUFFER_BYTES = 32 * 1024;
/** `struct linux_dirent64`, `getdents64(2)`: inode, offset, length of the entry, kind, name. */
const DIRENT = { length: 16, kind: 18, name: 19 };
const DT_UNKNOWN = 0;
const DT_LNK = 10;
const DOT = 0x2e;

const O_LIST = constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC;

/** Where the kernel writes; while a directory is open nobody else has it. */
class Scratch {
  readonly bytes = Buffer.alloc(BUFFER_BYTES);
  readonly address = addressOf(this.bytes);
  /** An empty name. */
  readonly #nul = Buffer.alloc(1);
  readonly empty = addressOf(this.#nul);
  readonly own = new KernelStat();
  readonly target = new KernelStat();
}

const free: Scratch[] = [];

/**
 * A directory read by `getdents64(2)` and, relative to it, `statx(2)`: half of what `node:fs` costs, which walks the
 * whole path for each entry (`docs/adr/0008-walking-files.md`).
 */
export class KernelScan extends DirectoryScan {
  readonly #getdents = libc('intptr_t getdents64(int fd, uintptr_t into, size_t size)');
  readonly #close = libc('int close(int fd)');
  readonly #shown: string;
  readonly #stat: boolean;
  readonly #follow: boolean;
  readonly #scratch: Scratch;
  #fd: number;
  #at = 0;
  #length = 0;

  /** `shown` is what an error says. With `follow` the kernel says where links lead; it knows no root but its own. */
  constructor(path: string | Buffer, shown: string, stat: boolean, follow: boolean) {
    super();
    this.#shown = shown;
    this.#stat = stat;
    this.#follow = follow;
    this.#fd = openDirectory(path, shown);
    this.#scratch = free.pop() ?? new Scratch();
  }

  override read(): ScannedEntry | undefined {
    const { bytes, address, own } = this.#scratch;
    for (;;) {
      if (this.#at >= this.#length && !this.#fill()) return undefined;
      const entry = this.#at;
      this.#at += bytes[entry + DIRENT.length]! | (bytes[entry + DIRENT.length + 1]! << 8);
      const start = entry + DIRENT.name;
      let end = start;
      let all = 0;
      for (let byte = bytes[end]!; byte !== 0; byte = bytes[++end]!) all |= byte;
      if (bytes[start] === DOT && (end === start + 1 || (end === start + 2 && bytes[start + 1] === DOT))) continue;
      // Names are mostly ASCII, which is taken without looking for what is not UTF-8.
      const name = all < 0x80 ? bytes.latin1Slice(start, end) : decodeText(bytes, start, end);
      const type = bytes[entry + DIRENT.kind]!;
      // Some file systems do not say what an entry is.
      const stat = (this.#stat || type === DT_UNKNOWN) && own.look(this.#fd, address + start) ? own : undefined;
      let led: KernelStat | null | undefined;
      if (type === DT_LNK && this.#follow) led = this.#target(address + start);
      return { name, kind: KINDS[type] ?? stat?.kind ?? 'unknown', stat, target: led };
    }
  }

  override [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    this.#close(this.#fd);
    this.#fd = -1;
    free.push(this.#scratch);
  }

  /** What the link whose name lies there leads to; null where that is nothing, or to be left alone. */
  #target(name: number): KernelStat | null {
    const fd = openat2At(this.#fd, name, O_FIND, RESOLVE.noMagicLinks);
    if (typeof fd !== 'number') return null;
    const { target, empty } = this.#scratch;
    const seen = target.lookAt(fd, empty);
    this.#close(fd);
    return seen ? target : null;
  }

  #fill(): boolean {
    if (this.#fd < 0) return false;
    this.#at = 0;
    this.#length = this.#getdents(this.#fd, this.#scratch.address, BUFFER_BYTES) as number;
    if (this.#length < 0) throw new HostError(errnoName(errno()), this.#shown, 'list');
    return this.#length > 0;
  }
}

const NUL = Buffer.alloc(1);

/** Half of what `node:fs` takes, and a walk opens a directory for each nine entries. */
function openDirectory(path: string | Buffer, shown: string): number {
  const bytes = typeof path === 'string' ? Buffer.from(`${path}\0`) : Buffer.concat([path, NUL]);
  // To C the path would end there.
  if (bytes.indexOf(0) < bytes.length - 1) throw new HostError('ENOENT', shown, 'list');
  const fd: number = libc('int open(const void *path, int flags)')(bytes, O_LIST);
  if (fd < 0) throw new HostError(errnoName(errno()), shown, 'list');
  return fd;
}
