import { decodeText } from '../base/text.ts';

/** A record of `/run/utmp` or `/var/log/wtmp`, `utmp(5)`. */
export interface UtmpRecord {
  readonly type: number;
  readonly pid: number;
  readonly line: string;
  readonly user: string;
  readonly host: string;
  /** Unix seconds. */
  readonly time: number;
}

/** `struct utmp` of glibc, `bits/utmp.h`: these fields come first everywhere. */
const TYPE = 0;
const PADDING = 2;
const PID = 4;
const LINE = { at: 8, length: 32 };
const USER = { at: 44, length: 32 };
const HOST = { at: 76, length: 256 };
/** `ACCOUNTING`. */
const MAX_TYPE = 9;

interface Layout {
  readonly size: number;
  /** Where the seconds are. */
  readonly seconds: number;
  readonly wide: boolean;
}

/** x86, ppc64le, riscv64: times of 32 bits, also on machines of 64 (`__WORDSIZE_TIME64_COMPAT32`). */
export const RECORD_BYTES = 384;
const NARROW: Layout = { size: RECORD_BYTES, seconds: 340, wide: false };
/** arm64, loongarch64: session and time are 64 bits wide. */
const WIDE: Layout = { size: 400, seconds: 344, wide: true };
/** Records that are looked at to tell which. */
const LOOKED_AT = 100;

/** So many bytes of a file say how long its records are. */
export const UTMP_SAMPLE = LOOKED_AT * WIDE.size;

/** Bytes of a record, by the beginning of a file of so many bytes. */
export function utmpRecordBytes(beginning: Buffer, fileBytes = beginning.length): number {
  return layoutOf(beginning, fileBytes).size;
}

/** Every whole record; what is left over at the end of a file that is being written is not one. */
export function* parseUtmp(bytes: Buffer, recordBytes = utmpRecordBytes(bytes)): Generator<UtmpRecord> {
  const { size, seconds, wide } = recordBytes === WIDE.size ? WIDE : NARROW;
  for (let at = 0; at + size <= bytes.length; at += size) {
    yield {
      type: bytes.readInt16LE(at + TYPE),
      pid: bytes.readInt32LE(at + PID),
      line: field(bytes, at, LINE),
      user: field(bytes, at, USER),
      host: field(bytes, at, HOST),
      time: wide ? Number(bytes.readBigInt64LE(at + seconds)) : bytes.readInt32LE(at + seconds),
    };
  }
}

/** The file may come from another machine. In the wrong layout the second record already begins within a text or a time. */
function layoutOf(bytes: Buffer, fileBytes: number): Layout {
  const [narrow, wide] = [likeness(bytes, NARROW), likeness(bytes, WIDE)];
  if (narrow !== wide) return narrow > wide ? NARROW : WIDE;
  // One record, or nothing but zeros.
  const fitsWide = fileBytes % WIDE.size === 0 && fileBytes % NARROW.size !== 0;
  return fitsWide ? WIDE : NARROW;
}

/**
 * The share of records whose type is one, and is followed by the padding of the compiler. Zeros are a type, too, but most of
 * each record is zeros.
 */
function likeness(bytes: Buffer, { size }: Layout): number {
  let good = 0;
  let count = 0;
  for (let at = 0; at + size <= bytes.length && count < LOOKED_AT; at += size) {
    const type = bytes.readUInt16LE(at + TYPE);
    if (type > 0 && type <= MAX_TYPE && bytes.readUInt16LE(at + PADDING) === 0) good += 1;
    count += 1;
  }
  return count === 0 ? 0 : good / count;
}

/** Text up to a NUL, or all of the field: a name may fill it. */
function field(bytes: Buffer, record: number, { at, length }: { at: number; length: number }): string {
  const start = record + at;
  const nul = bytes.subarray(start, start + length).indexOf(0);
  return decodeText(bytes, start, start + (nul < 0 ? length : nul));
}
