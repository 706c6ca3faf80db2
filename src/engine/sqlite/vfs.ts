import { SQLITE_CANTOPEN, SQLITE_OK } from './constants.ts';
import type { Library } from './library.ts';

/** `sizeof(sqlite3_vfs)` for version 2 in wasm32, and the offsets of what we fill; `sqlite3.h`. */
const VFS_SIZE = 88;
const OFFSET = {
  version: 0,
  fileSize: 4,
  maxPathname: 8,
  name: 16,
  open: 24,
  delete: 28,
  access: 32,
  fullPathname: 36,
  randomness: 56,
  sleep: 60,
  currentTime: 64,
  lastError: 68,
  currentTimeInt64: 72,
} as const;

const MAX_PATHNAME = 512;
/** Julian day number of 1970-01-01T00:00Z, in days and in SQLite's milliseconds. */
const EPOCH_DAYS = 2_440_587.5;
const EPOCH_MILLISECONDS = 210_866_760_000_000n;
const MILLISECONDS_A_DAY = 86_400_000;

/**
 * The file system SQLite sees: none. No file can be opened, so neither a query nor a bug can read or write one; the
 * database and all temporary storage are in memory. What is left is the clock and random bytes. Where the `sqlite3_vfs`
 * lies.
 */
export function registerVfs(library: Library): number {
  const { heap, api } = library;
  const pointers = library.install({
    open: ['iiiiii', () => SQLITE_CANTOPEN],
    delete: ['iiii', () => SQLITE_OK],
    access: [
      'iiiii',
      (_vfs: number, _name: number, _flags: number, found: number) => {
        heap.i32[found >> 2] = 0;
        return SQLITE_OK;
      },
    ],
    fullPathname: [
      'iiiii',
      (_vfs: number, name: number, size: number, out: number) => {
        const end = heap.u8.indexOf(0, name);
        if (end - name >= size) return SQLITE_CANTOPEN;
        heap.u8.copyWithin(out, name, end + 1);
        return SQLITE_OK;
      },
    ],
    // Seeds SQLite's own generator. V8's is seeded by the kernel; loading node:crypto would cost a start 2 ms.
    randomness: [
      'iiii',
      (_vfs: number, size: number, out: number) => {
        for (let i = 0; i < size; i++) heap.u8[out + i] = Math.random() * 256;
        return size;
      },
    ],
    sleep: ['iii', (_vfs: number, microseconds: number) => microseconds],
    currentTime: [
      'iii',
      (_vfs: number, out: number) => {
        heap.f64[out >> 3] = Date.now() / MILLISECONDS_A_DAY + EPOCH_DAYS;
        return SQLITE_OK;
      },
    ],
    lastError: ['iiii', () => 0],
    currentTimeInt64: [
      'iii',
      (_vfs: number, out: number) => {
        heap.i64[out >> 3] = BigInt(Date.now()) + EPOCH_MILLISECONDS;
        return SQLITE_OK;
      },
    ],
  });
  const vfs = api.malloc(VFS_SIZE);
  const name = heap.string('none');
  heap.u8.fill(0, vfs, vfs + VFS_SIZE);
  const set = (offset: number, value: number) => {
    heap.u32[(vfs + offset) >> 2] = value;
  };
  set(OFFSET.version, 2);
  set(OFFSET.fileSize, 8);
  set(OFFSET.maxPathname, MAX_PATHNAME);
  set(OFFSET.name, name);
  for (const [method, pointer] of Object.entries(pointers)) set(OFFSET[method as keyof typeof OFFSET], pointer);
  const code = api.sqlite3_vfs_register(vfs, 1);
  if (code !== SQLITE_OK) throw new Error(`sqlite3_vfs_register: ${code}`);
  return vfs;
}
