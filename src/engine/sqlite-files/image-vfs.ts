import {
  SQLITE_CANTOPEN,
  SQLITE_IOERR_READ,
  SQLITE_IOERR_SHORT_READ,
  SQLITE_NOTFOUND,
  SQLITE_OK,
  SQLITE_READONLY,
} from '../sqlite/constants.ts';
import type { Library } from '../sqlite/library.ts';
import type { DatabaseImage } from './database-image.ts';

/** `sqlite3_vfs`, `sqlite3_file` and `sqlite3_io_methods` (version 1) in wasm32; `sqlite3.h`. */
const VFS_SIZE = 88;
const FILE = { size: 8, methods: 0, id: 4 };
const METHODS = [
  'close',
  'read',
  'write',
  'truncate',
  'sync',
  'fileSize',
  'lock',
  'unlock',
  'checkReservedLock',
  'fileControl',
  'sectorSize',
  'deviceCharacteristics',
] as const;

/** Nobody changes the file while it is open, as far as SQLite has to know: it takes no locks and looks for no journal. */
const SQLITE_IOCAP_IMMUTABLE = 0x2000;
const SECTOR = 4096;
const MAX_PATHNAME = 64;

/** Images that SQLite may open, by the names that they are given here; a name of the machine never gets to it. */
export class ImageVfs {
  readonly name = 'image';
  readonly #images = new Map<number, DatabaseImage>();
  #next = 1;
  /** What went wrong in a callback: no error passes through SQLite. */
  #failure: unknown;

  /** Copies what it does not do itself (clock, random bytes) from the library's own file system. */
  constructor(library: Library) {
    const { heap, api } = library;
    const image = (file: number) => this.#images.get(heap.u32[(file + FILE.id) >> 2]!);
    const refuse = () => SQLITE_READONLY;
    const nothing = () => SQLITE_OK;
    const io = library.install({
      close: ['ii', nothing],
      read: [
        'iiiij',
        (file: number, into: number, length: number, position: bigint) => {
          const bytes = heap.u8.subarray(into, into + length);
          let got = 0;
          try {
            got = image(file)!.read(bytes, Number(position));
          } catch (cause) {
            this.#failure = cause;
            return SQLITE_IOERR_READ;
          }
          if (got === length) return SQLITE_OK;
          bytes.fill(0, got);
          return SQLITE_IOERR_SHORT_READ;
        },
      ],
      write: ['iiiij', refuse],
      truncate: ['iij', refuse],
      sync: ['iii', nothing],
      fileSize: [
        'iii',
        (file: number, out: number) => {
          heap.i64[out >> 3] = BigInt(image(file)!.size);
          return SQLITE_OK;
        },
      ],
      lock: ['iii', nothing],
      unlock: ['iii', nothing],
      checkReservedLock: [
        'iii',
        (_file: number, out: number) => {
          heap.i32[out >> 2] = 0;
          return SQLITE_OK;
        },
      ],
      fileControl: ['iiii', () => SQLITE_NOTFOUND],
      sectorSize: ['ii', () => SECTOR],
      deviceCharacteristics: ['ii', () => SQLITE_IOCAP_IMMUTABLE],
    });
    const methods = api.malloc(4 * (METHODS.length + 1));
    heap.u32[methods >> 2] = 1;
    METHODS.forEach((method, i) => {
      heap.u32[(methods >> 2) + 1 + i] = io[method];
    });
    const { open } = library.install({
      open: [
        'iiiiii',
        (_vfs: number, name: number, file: number, _flags: number, outFlags: number) => {
          heap.u32[(file + FILE.methods) >> 2] = 0;
          const id = name === 0 ? 0 : Number(heap.cString(name).replace(/^\//, ''));
          if (!this.#images.has(id)) return SQLITE_CANTOPEN;
          heap.u32[(file + FILE.methods) >> 2] = methods;
          heap.u32[(file + FILE.id) >> 2] = id;
          // SQLITE_OPEN_READONLY.
          if (outFlags !== 0) heap.i32[outFlags >> 2] = 1;
          return SQLITE_OK;
        },
      ],
    });
    const vfs = api.malloc(VFS_SIZE);
    heap.u8.copyWithin(vfs, library.vfs, library.vfs + VFS_SIZE);
    heap.u32[(vfs + 4) >> 2] = FILE.size;
    heap.u32[(vfs + 8) >> 2] = MAX_PATHNAME;
    heap.u32[(vfs + 12) >> 2] = 0;
    heap.u32[(vfs + 16) >> 2] = heap.string(this.name);
    heap.u32[(vfs + 24) >> 2] = open;
    const code = api.sqlite3_vfs_register(vfs, 0);
    if (code !== SQLITE_OK) throw new Error(`sqlite3_vfs_register: ${code}`);
  }

  /** The name under which SQLite opens an image until `remove`. */
  add(image: DatabaseImage): { readonly name: string; remove(): void } {
    const id = this.#next++;
    this.#images.set(id, image);
    return { name: `/${id}`, remove: () => void this.#images.delete(id) };
  }

  /** What went wrong in a callback since it was last asked. */
  takeFailure(): unknown {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }
}
