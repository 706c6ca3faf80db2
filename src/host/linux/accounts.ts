import { closeSync, openSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { decodeText, encodeText } from '../../base/text.ts';
import type { Account, Group } from '../host.ts';
import { koffi, libc } from './native.ts';

/** More accounts than any directory service lists: a module that never ends must end here. */
const MAX_ENTRIES = 1_000_000;
/** Members of one group. */
const MAX_MEMBERS = 1_000_000;
const MAX_TEXT_BYTES = 64 * 1024;

/** `getpwent(3)`. */
export function accounts(): Account[] {
  return enumerate('pw', readAccount);
}

/** `getgrent(3)`. */
export function groups(): Group[] {
  return enumerate('gr', readGroup);
}

/** `getpwuid_r(3)`, `getpwnam_r(3)`. */
export function account(key: { readonly uid: number } | { readonly name: string }): Account | undefined {
  return lookUp(PASSWD_BYTES, readAccount, (...room) =>
    'uid' in key ? byId('getpwuid_r', key.uid, room) : byName(key.name, room),
  );
}

/** `getgrgid_r(3)`. */
export function group({ gid }: { readonly gid: number }): Group | undefined {
  return lookUp(GROUP_BYTES, readGroup, (...room) => byId('getgrgid_r', gid, room));
}

/** `getgrouplist(3)`: one more call where there are more than fit. */
export function groupIds(name: string, gid: number): number[] {
  if (name.includes('\0')) return [gid];
  const call = libc('int getgrouplist(const void *name, uint32_t gid, void *groups, void *count)');
  const count = Buffer.alloc(4);
  for (let room = 64; room <= MAX_MEMBERS; room = Math.max(room * 2, count.readInt32LE())) {
    const ids = Buffer.alloc(4 * room);
    count.writeInt32LE(room);
    const found: number = call(encodeText(`${name}\0`), gid, ids, count);
    if (found >= 0) return Array.from({ length: Math.min(found, room) }, (_, i) => ids.readUInt32LE(4 * i));
  }
  return [gid];
}

type Room = readonly [struct: Buffer, strings: Buffer, result: Buffer];

/** A look-up with room for the strings that grows until they fit. */
function lookUp<T>(bytes: number, read: (struct: Buffer) => T, call: (...room: Room) => number): T | undefined {
  const struct = Buffer.alloc(bytes);
  const result = Buffer.alloc(8);
  for (let size = 4096; size <= MAX_LOOKUP_BYTES; size *= 4) {
    const strings = Buffer.allocUnsafe(size);
    const errno = call(struct, strings, result);
    if (errno === ERANGE) continue;
    return errno === 0 && result.readBigUInt64LE() !== 0n ? read(struct) : undefined;
  }
  return undefined;
}

const ERANGE = 34;
const MAX_LOOKUP_BYTES = 4 * 1024 * 1024;

function byId(name: 'getpwuid_r' | 'getgrgid_r', id: number, [struct, strings, result]: Room): number {
  if (!(Number.isInteger(id) && id >= 0 && id <= 0xffff_ffff)) return 0;
  const call = libc(`int ${name}(uint32_t id, void *entry, void *strings, size_t size, void *result)`);
  return call(id, struct, strings, strings.length, result);
}

function byName(name: string, [struct, strings, result]: Room): number {
  if (name.includes('\0')) return 0;
  const call = libc('int getpwnam_r(const void *name, void *pw, void *strings, size_t size, void *result)');
  return call(encodeText(`${name}\0`), struct, strings, strings.length, result);
}

/** The C library keeps one position for the whole process, so a thread that enumerates does it alone and at once. */
function enumerate<T>(database: 'pw' | 'gr', read: (struct: Buffer) => T): T[] {
  const next = libc(`void *get${database}ent()`);
  const size = database === 'pw' ? PASSWD_BYTES : GROUP_BYTES;
  return alone(() => {
    const entries: T[] = [];
    libc(`void set${database}ent()`)();
    try {
      while (entries.length < MAX_ENTRIES) {
        const pointer: bigint | null = next();
        if (pointer === null || pointer === 0n) break;
        entries.push(read(bytesAt(pointer, size)));
      }
    } finally {
      libc(`void end${database}ent()`)();
    }
    return entries;
  });
}

const LOCK_EX_NB = 2 | 4;
const LOCK_TRIES = 500;
const LOCK_PAUSE_MS = 10;

/**
 * Runs `action` while no other thread of this process does. The lock is `flock(2)` on a file that only we can open,
 * so nobody else can hold it, and that the run time closes when it ends a thread.
 */
function alone<T>(action: () => T): T {
  const fd = openSync('/proc/self/auxv', 'r');
  try {
    const lock = libc('int flock(int fd, int operation)');
    for (let tries = 0; lock(fd, LOCK_EX_NB) !== 0; tries++) {
      if (tries === LOCK_TRIES) throw new HostError('EBUSY', 'accounts', 'list');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_PAUSE_MS);
    }
    return action();
  } finally {
    closeSync(fd);
  }
}

/** `struct passwd` and `struct group` of glibc and musl on 64-bit machines. */
const PASSWD_BYTES = 48;
const GROUP_BYTES = 32;

function readAccount(struct: Buffer): Account {
  return {
    name: textAt(struct.readBigUInt64LE(0)),
    uid: struct.readUInt32LE(16),
    gid: struct.readUInt32LE(20),
    gecos: textAt(struct.readBigUInt64LE(24)),
    home: textAt(struct.readBigUInt64LE(32)),
    shell: textAt(struct.readBigUInt64LE(40)),
  };
}

function readGroup(struct: Buffer): Group {
  const members: string[] = [];
  const list = struct.readBigUInt64LE(24);
  while (list !== 0n && members.length < MAX_MEMBERS) {
    const member = bytesAt(list + BigInt(members.length * 8), 8).readBigUInt64LE();
    if (member === 0n) break;
    members.push(textAt(member));
  }
  return { name: textAt(struct.readBigUInt64LE(0)), gid: struct.readUInt32LE(16), members };
}

/** A copy: the memory belongs to the C library. */
function bytesAt(pointer: bigint, length: number): Buffer {
  return Buffer.from(Buffer.from(koffi().view(pointer, length)));
}

function textAt(pointer: bigint): string {
  if (pointer === 0n) return '';
  const length: number = libc('size_t strnlen(const void *text, size_t most)')(pointer, MAX_TEXT_BYTES);
  return length === 0 ? '' : decodeText(bytesAt(pointer, length));
}
