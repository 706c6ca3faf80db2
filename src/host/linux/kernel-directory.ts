import { closeSync, constants, openSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import type { ScannedEntry } from '../host.ts';
import { errnoName, hostError } from './errors.ts';
import { KernelStat } from './kernel-stat.ts';
import { addressOf, errno, libc } from './native.ts';
import { O_CLOEXEC } from './read-file.ts';
import { KINDS } from './stat.ts';

/** What glibc's `readdir` takes, too: several hundred entries. */
const BUFFER_BYTES = 32 * 1024;
/** `struct linux_dirent64`, `getdents64(2)`: inode, offset, length of the entry, kind, name. */
const DIRENT = { length: 16, kind: 18, name: 19 };
const DT_LNK = 10;

const O_LIST = constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC;

/** Where the kernel writes; while a directory is open nobody else has it. */
class Buffers {
  readonly names = Buffer.alloc(BUFFER_BYTES);
  readonly address = addressOf(this.names);
  readonly own = new KernelStat();
  readonly target = new KernelStat();
}

const free: Buffers[] = [];

/**
 * The entries of a directory by `getdents64(2)` and, relative to it, `statx(2)`: half of what `node:fs` costs, which
 * walks the whole path for each entry (`docs/adr/0008-walking-files.md`). With `follow` the kernel also says where links
 * lead; it knows of no other root than that of the machine. `shown` is what an error says.
 */
export function* readKernelDirectory(
  path: string | Buffer,
  shown: string,
  stat: boolean,
  follow: boolean,
): Generator<ScannedEntry> {
  const getdents = libc('intptr_t getdents64(int fd, uintptr_t into, size_t size)');
  const fd = openDirectory(path, shown);
  const buffers = free.pop() ?? new Buffers();
  const { names, address, own, target } = buffers;
  try {
    for (;;) {
      const length: number = getdents(fd, address, BUFFER_BYTES);
      if (length === 0) return;
      if (length < 0) throw new HostError(errnoName(errno()), shown, 'list');
      for (let at = 0; at < length; at += names[at + DIRENT.length]! | (names[at + DIRENT.length + 1]! << 8)) {
        const start = at + DIRENT.name;
        const name = nameAt(names, start);
        if (name === '.' || name === '..') continue;
        const type = names[at + DIRENT.kind]!;
        const looked = stat && own.look(fd, address + start, false) ? own : undefined;
        const led = !(follow && type === DT_LNK) ? undefined : target.look(fd, address + start, true) ? target : null;
        yield { name, kind: KINDS[type] ?? looked?.kind ?? 'unknown', stat: looked, target: led };
      }
    }
  } finally {
    closeSync(fd);
    free.push(buffers);
  }
}

function openDirectory(path: string | Buffer, shown: string): number {
  try {
    return openSync(path, O_LIST);
  } catch (cause) {
    throw hostError(cause, shown, 'list');
  }
}

/** Names are mostly ASCII, which is read without looking for what is not UTF-8. */
function nameAt(bytes: Buffer, start: number): string {
  let all = 0;
  let end = start;
  for (let byte = bytes[end]!; byte !== 0; byte = bytes[++end]!) all |= byte;
  return all < 0x80 ? bytes.latin1Slice(start, end) : decodeText(bytes, start, end);
}
