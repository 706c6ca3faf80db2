import { MalformedInput } from '../base/errors.ts';

/** Reads bytes at a position, all that were asked for; undefined where the file ends before. */
type ReadAt = (position: number, length: number) => Buffer | undefined;

/** Pages as they were before a transaction that did not end. */
export interface JournalIndex {
  readonly pageSize: number;
  /** Page numbers, from 1, to where the old content of each begins in the journal. */
  readonly pages: ReadonlyMap<number, number>;
  /** Pages of the database before the transaction. */
  readonly pageCount: number;
}

const MAGIC = Buffer.from('d9d505f920a163d7', 'hex');
const HEADER = 28;
const MAX_PAGES = 1_000_000;
const MAX_SECTOR = 65_536;
/** As many as the file has room for. */
const TO_THE_END = 0xffffffff;

/**
 * The rollback journal beside a database, https://sqlite.org/fileformat2.html#the_rollback_journal. Undefined for one that
 * has nothing to be put back: it was zeroed or cut when its transaction ended, or not yet written to the disk.
 */
export function parseJournal(read: ReadAt, source: string): JournalIndex | undefined {
  const pages = new Map<number, number>();
  let found: { pageSize: number; pageCount: number } | undefined;
  for (let at = 0; ; ) {
    const header = read(at, HEADER);
    if (header === undefined || !header.subarray(0, 8).equals(MAGIC)) break;
    const [records, nonce, pageCount, sector, pageSize] = [8, 12, 16, 20, 24].map((offset) =>
      header.readUInt32BE(offset),
    ) as [number, number, number, number, number];
    if (!isPowerOfTwo(pageSize, 512, 65_536))
      throw new MalformedInput(source, at + 24, `${pageSize} is no size of a page`);
    if (!isPowerOfTwo(sector, 32, MAX_SECTOR))
      throw new MalformedInput(source, at + 20, `${sector} is no size of a sector`);
    // Later headers repeat what the first one says.
    found ??= { pageSize, pageCount };
    let record = at + sector;
    let left = records;
    while (left > 0) {
      const bytes = read(record, pageSize + 8);
      if (bytes === undefined || bytes.readUInt32BE(pageSize + 4) !== checksum(bytes, pageSize, nonce)) break;
      const page = bytes.readUInt32BE(0);
      // The first copy is the oldest.
      if (!pages.has(page)) pages.set(page, record + 4);
      if (!(pages.size <= MAX_PAGES)) throw new MalformedInput(source, record, `more than ${MAX_PAGES} pages`);
      record += pageSize + 8;
      if (left !== TO_THE_END) left -= 1;
    }
    if (left > 0) break;
    at = Math.ceil(record / sector) * sector;
  }
  return found === undefined || pages.size === 0 ? undefined : { ...found, pages };
}

function isPowerOfTwo(value: number, least: number, most: number): boolean {
  return value >= least && value <= most && (value & (value - 1)) === 0;
}

/** The nonce and each 200th byte of the page, from its end. */
function checksum(record: Buffer, pageSize: number, nonce: number): number {
  let sum = nonce;
  for (let at = pageSize - 200; at > 0; at -= 200) sum += record[4 + at]!;
  return sum >>> 0;
}
