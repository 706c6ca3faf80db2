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

/** `struct utmp` of glibc on Linux with 32-bit times, the same on 32- and 64-bit machines: `bits/utmp.h`. */
export const RECORD_BYTES = 384;
const TYPE = 0;
const PID = 4;
const LINE = { at: 8, length: 32 };
const USER = { at: 44, length: 32 };
const HOST = { at: 76, length: 256 };
const SECONDS = 340;

/** Every whole record; what is left over at the end of a file that is being written is not one. */
export function* parseUtmp(bytes: Buffer): Generator<UtmpRecord> {
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    yield {
      type: bytes.readInt16LE(at + TYPE),
      pid: bytes.readInt32LE(at + PID),
      line: field(bytes, at, LINE),
      user: field(bytes, at, USER),
      host: field(bytes, at, HOST),
      time: bytes.readInt32LE(at + SECONDS),
    };
  }
}

/** Text up to a NUL, or all of the field: a name may fill it. */
function field(bytes: Buffer, record: number, { at, length }: { at: number; length: number }): string {
  const start = record + at;
  const nul = bytes.subarray(start, start + length).indexOf(0);
  return decodeText(bytes, start, start + (nul < 0 ? length : nul));
}
