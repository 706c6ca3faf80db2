import { ByteReader } from '../base/byte-reader.ts';

/** More changes than any zone has had since 1880, and types than fit the format's byte. */
const MAX_TRANSITIONS = 100_000;

/** What a zone is called: a name such as `CEST`, or the rule (a POSIX time zone) that names it from then on. */
export type ZoneName = { readonly name: string } | { readonly rule: string };

/**
 * The name that a zone has at `time` (seconds since the epoch), out of its file in `/usr/share/zoneinfo` (`tzfile(5)`,
 * RFC 9636). Undefined if the file names none.
 */
export function zoneNameAt(content: Buffer, time: number, source = 'tzfile'): ZoneName | undefined {
  const reader = new ByteReader(content, source);
  let block = readHeader(reader);
  // From version 2 on the data comes twice: with 32-bit times, to be skipped, then with 64-bit ones.
  const wide = block.version >= 2;
  if (wide) {
    reader.skip(dataLength(block, 4));
    block = readHeader(reader);
  }
  const timeBytes = wide ? 8 : 4;
  const times = reader.window(block.transitions * timeBytes);
  const types = reader.bytes(block.transitions);
  const records = reader.bytes(block.types * 6);
  const names = reader.bytes(block.characters);
  reader.skip(block.leapSeconds * (timeBytes + 4) + block.standardFlags + block.utcFlags);
  let last = -1;
  while (last + 1 < block.transitions && (wide ? Number(times.i64be()) : times.i32be()) <= time) last++;
  if (last === block.transitions - 1 && wide) {
    const footer = reader.bytes(reader.remaining).latin1Slice();
    const rule = /^\n([^\n]*)\n/.exec(footer)?.[1] ?? '';
    if (rule !== '') return { rule };
  }
  const type = last < 0 ? 0 : types[last]!;
  const nameAt = records[type * 6 + 5];
  if (nameAt === undefined) return undefined;
  const end = names.indexOf(0, nameAt);
  const name = names.latin1Slice(nameAt, end < 0 ? names.length : end);
  return name === '' ? undefined : { name };
}

interface Header {
  readonly version: number;
  readonly utcFlags: number;
  readonly standardFlags: number;
  readonly leapSeconds: number;
  readonly transitions: number;
  readonly types: number;
  readonly characters: number;
}

function readHeader(reader: ByteReader): Header {
  if (reader.bytes(4).latin1Slice() !== 'TZif') reader.fail('no TZif header');
  const versionByte = reader.u8();
  reader.skip(15);
  const header = {
    // NUL, then the digits 2, 3, 4.
    version: versionByte === 0 ? 1 : versionByte - 0x30,
    utcFlags: reader.u32be(),
    standardFlags: reader.u32be(),
    leapSeconds: reader.u32be(),
    transitions: reader.u32be(),
    types: reader.u32be(),
    characters: reader.u32be(),
  };
  if (!(header.transitions <= MAX_TRANSITIONS)) reader.fail(`${header.transitions} transitions`);
  return header;
}

function dataLength(header: Header, timeBytes: number): number {
  const { transitions, types, characters, leapSeconds, standardFlags, utcFlags } = header;
  return (
    transitions * (timeBytes + 1) + types * 6 + characters + leapSeconds * (timeBytes + 4) + standardFlags + utcFlags
  );
}
