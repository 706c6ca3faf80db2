/** A structure of the SMBIOS table (DSP0134, section 6.1): numbers in a formatted area, then its strings. */
export class SmbiosStructure {
  readonly type: number;
  readonly handle: number;
  /** Formatted area with the header; offsets of the specification count from its start. */
  readonly formatted: Buffer;
  /** Formatted area, strings and their end. */
  readonly whole: Buffer;

  constructor(whole: Buffer, formattedLength: number) {
    this.whole = whole;
    this.formatted = whole.subarray(0, formattedLength);
    this.type = this.formatted[0]!;
    this.handle = this.formatted.readUInt16LE(2);
  }

  /** The number at `offset`; undefined where the structure, of an older version, ends before it. */
  u8(offset: number): number | undefined {
    return this.formatted[offset];
  }

  u16(offset: number): number | undefined {
    return offset + 2 <= this.formatted.length ? this.formatted.readUInt16LE(offset) : undefined;
  }

  u32(offset: number): number | undefined {
    return offset + 4 <= this.formatted.length ? this.formatted.readUInt32LE(offset) : undefined;
  }

  u64(offset: number): bigint | undefined {
    return offset + 8 <= this.formatted.length ? this.formatted.readBigUInt64LE(offset) : undefined;
  }

  /** The string whose number is at `offset`, spaces at its end removed; '' for none. */
  string(offset: number): string {
    return this.stringAt(this.u8(offset) ?? 0);
  }

  /** The string numbered `number`, from 1. */
  stringAt(number: number): string {
    let at = this.formatted.length;
    for (let skipped = 1; skipped <= number; skipped++) {
      const end = this.whole.indexOf(0, at);
      // An empty string is the end of them all.
      if (end < 0 || end === at) return '';
      if (skipped === number) return this.whole.utf8Slice(at, end).trimEnd();
      at = end + 1;
    }
    return '';
  }
}

/** Types of structures, DSP0134 section 7. */
export const SMBIOS_FIRMWARE = 0;
export const SMBIOS_SYSTEM = 1;
export const SMBIOS_BASEBOARD = 2;
export const SMBIOS_PROCESSOR = 4;

/** Where Linux shows the table; readable by root. */
export const SMBIOS_PATH = '/sys/firmware/dmi/tables/DMI';

const HEADER_BYTES = 4;
const END_OF_TABLE = 127;

/** The structures up to the end of the table, or to the first that does not fit into it. */
export function* parseSmbios(content: Buffer): Generator<SmbiosStructure> {
  let start = 0;
  while (start + HEADER_BYTES <= content.length) {
    const length = content[start + 1]!;
    if (!(length >= HEADER_BYTES && start + length <= content.length)) return;
    const end = endOfStrings(content, start + length);
    const structure = new SmbiosStructure(content.subarray(start, end), length);
    yield structure;
    if (structure.type === END_OF_TABLE) return;
    start = end;
  }
}

/** Strings end with an empty one: two zeros in a row, also where there are no strings. */
function endOfStrings(content: Buffer, from: number): number {
  for (let at = from; at + 1 < content.length; at++) if (content[at] === 0 && content[at + 1] === 0) return at + 2;
  return content.length;
}
