import { MalformedInput } from '../base/errors.ts';

/** Reads bytes at a position, all that were asked for; undefined where the file ends before. */
export type ReadAt = (position: number, length: number) => Buffer | undefined;

/** What a log of SQLite says: pages that are newer than those of the database. */
export interface WalIndex {
  readonly pageSize: number;
  /** Page numbers, from 1, to where the newest committed content of each begins in the log. */
  readonly pages: ReadonlyMap<number, number>;
  /** Pages of the database after the last commit. */
  readonly pageCount: number;
}

const HEADER = 32;
const FRAME_HEADER = 24;
/** The last bit says in which byte order words are summed. */
const MAGIC = 0x377f0682;
const VERSION = 3_007_000;
/** Pages remembered: 4 GiB of pages of 4 KiB, in some 60 MB. */
const MAX_PAGES = 1_000_000;

/**
 * The write-ahead log beside a database, https://sqlite.org/fileformat2.html#walformat. Frames count up to the last commit
 * whose checksums hold; what follows is not committed, or left over from before. Undefined for a log without commits.
 */
export function parseWal(read: ReadAt, source: string): WalIndex | undefined {
  const header = read(0, HEADER);
  if (header === undefined) return undefined;
  const magic = header.readUInt32BE(0);
  if ((magic & ~1) >>> 0 !== MAGIC) throw new MalformedInput(source, 0, 'not a log of SQLite');
  if (header.readUInt32BE(4) !== VERSION) throw new MalformedInput(source, 4, 'a log of another version');
  const pageSize = pageSizeOf(header.readUInt32BE(8), source);
  const sum = new Checksum(magic & 1 ? 'big' : 'little');
  sum.add(header, 0, HEADER - 8);
  // Never written to the end: there is nothing in it.
  if (!sum.equals(header, HEADER - 8)) return undefined;
  const committed = new Map<number, number>();
  let pending = new Map<number, number>();
  let pageCount = 0;
  for (let at = HEADER; ; at += FRAME_HEADER + pageSize) {
    const frame = read(at, FRAME_HEADER + pageSize);
    if (frame === undefined || !frame.subarray(8, 16).equals(header.subarray(16, 24))) break;
    sum.add(frame, 0, 8);
    sum.add(frame, FRAME_HEADER, frame.length);
    if (!sum.equals(frame, 16)) break;
    pending.set(frame.readUInt32BE(0), at + FRAME_HEADER);
    if (!(committed.size + pending.size <= MAX_PAGES))
      throw new MalformedInput(source, at, `more than ${MAX_PAGES} pages`);
    const pages = frame.readUInt32BE(4);
    if (pages === 0) continue;
    for (const [page, offset] of pending) committed.set(page, offset);
    pending = new Map();
    pageCount = pages;
  }
  return pageCount === 0 ? undefined : { pageSize, pages: committed, pageCount };
}

function pageSizeOf(size: number, source: string): number {
  if (!(size >= 512 && size <= 65_536) || (size & (size - 1)) !== 0) {
    throw new MalformedInput(source, 8, `${size} is no size of a page`);
  }
  return size;
}

/** Two sums of words, each with the other in it; "Checksum Algorithm" of the format. */
class Checksum {
  readonly #order: 'big' | 'little';
  #first = 0;
  #second = 0;

  constructor(order: 'big' | 'little') {
    this.#order = order;
  }

  add(bytes: Buffer, from: number, to: number): void {
    let [first, second] = [this.#first, this.#second];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const little = this.#order === 'little';
    for (let at = from; at < to; at += 8) {
      first = (first + view.getUint32(at, little) + second) >>> 0;
      second = (second + view.getUint32(at + 4, little) + first) >>> 0;
    }
    [this.#first, this.#second] = [first, second];
  }

  equals(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#first && bytes.readUInt32BE(at + 4) === this.#second;
  }
}
