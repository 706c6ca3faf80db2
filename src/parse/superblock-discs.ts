import { digestOf } from '../base/digest.ts';
import { type Detector, type ReadAt, textField, uuidField } from '../base/superblock.ts';

/** File systems of discs and of the Macintosh. */

const KIB = 1024;

/** ECMA-167 and UDF 2.60: descriptors from 32 KiB on say that it is one; those that an anchor names have its name. */
const detectUdf: Detector['detect'] = (read) => {
  for (const block of [512, 1024, 2048, 4096]) {
    if (!hasDescriptor(read, Math.max(block, 2048))) continue;
    const anchor = [256, 512].map((sector) => anchorAt(read, block, sector)).find((found) => found !== undefined);
    if (anchor !== undefined) return volumeOf(read, block, anchor);
  }
  return undefined;
};

/** So many are looked at: a sequence has about ten. */
const MAX_DESCRIPTORS = 64;
const OTHERS = new Set(['BEA01', 'BOOT2', 'CD001', 'CDW02', 'TEA01']);

function hasDescriptor(read: ReadAt, length: number): boolean {
  for (let i = 0; i < MAX_DESCRIPTORS; i++) {
    const id = read(32 * KIB + i * length, 8).toString('latin1', 1, 6);
    if (id === 'NSR02' || id === 'NSR03') return true;
    if (!OTHERS.has(id)) return false;
  }
  return false;
}

interface Extent {
  readonly length: number;
  readonly at: number;
}

const ANCHOR = 2;
const PRIMARY = 1;
const LOGICAL = 6;
const TERMINATING = 8;

/** The tag of a descriptor says where it lies: else the size of blocks is another one. */
function descriptor(read: ReadAt, block: number, sector: number): { tag: number; bytes: Buffer } | undefined {
  const bytes = read(sector * block, 512);
  if (bytes.length < 512 || bytes.readUInt32LE(12) !== sector) return undefined;
  return { tag: bytes.readUInt16LE(0), bytes };
}

function anchorAt(read: ReadAt, block: number, sector: number): Extent | undefined {
  const found = descriptor(read, block, sector);
  return found?.tag === ANCHOR ? { length: found.bytes.readUInt32LE(16), at: found.bytes.readUInt32LE(20) } : undefined;
}

function volumeOf(read: ReadAt, block: number, { length, at }: Extent) {
  let isUdf = false;
  let uuid = '';
  let label = '';
  const count = Math.min(Math.floor(length / block), MAX_DESCRIPTORS);
  for (let i = 0; i < count; i++) {
    const found = descriptor(read, block, at + i);
    if (found === undefined || found.tag === 0 || found.tag === TERMINATING) break;
    const { tag, bytes } = found;
    if (tag === PRIMARY && isUnicode(bytes, 200)) uuid ||= discId(compressed(bytes, 72, 128));
    if (tag !== LOGICAL) continue;
    isUdf ||= textField(bytes, 217, 23) === '*OSTA UDF Compliant';
    if (isUnicode(bytes, 20)) label ||= compressed(bytes, 84, 128).split('\0', 1)[0]!.trimEnd();
  }
  // Another kind of ECMA-167 may be there.
  return isUdf ? { type: 'udf', uuid, label } : undefined;
}

/** A character set, ECMA-167 1/7.2.1. */
function isUnicode(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0 && textField(bytes, at + 1, 63) === 'OSTA Compressed Unicode';
}

/** A `dstring`: one or two bytes a character, as the first byte says; the last is the length. */
function compressed(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const text = field.subarray(1, Math.min(Math.max(field[length - 1]!, 1), length - 1));
  if (field[0] === 8) return text.latin1Slice();
  return field[0] === 16 ? utf16(text) : '';
}

/** UTF-16, big endian. */
function utf16(bytes: Buffer): string {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}

/**
 * The unique beginning of the name of the volume set, as `blkid` writes it: 16 digits; what is no digit of the first 8
 * characters, or else of the second 8, is there as the digits of its byte.
 */
function discId(name: string): string {
  const bytes = Buffer.from(name.split('\0', 1)[0]!, 'utf8').subarray(0, 16);
  if (bytes.length < 8) return '';
  const digits = /^[0-9a-fA-F]*/.exec(bytes.latin1Slice())![0].length;
  if (digits < 8) return bytes.toString('hex', 0, 8);
  const first = bytes.toString('latin1', 0, 8).toLowerCase();
  const padded = Buffer.alloc(16);
  bytes.copy(padded);
  return digits < 16 ? first + padded.toString('hex', 8, 12) : bytes.latin1Slice().toLowerCase();
}

/** ECMA-119: volume descriptors from 32 KiB on; Joliet has a second one with a label in Unicode. */
const detectIso: Detector['detect'] = (read) => {
  const primary = read(32 * KIB, 2 * KIB);
  if (primary.length < 2 * KIB || primary.toString('latin1', 1, 6) !== 'CD001') return undefined;
  const label = textField(primary, 40, 32);
  for (let i = 1; i < MAX_DESCRIPTORS; i++) {
    const bytes = read(32 * KIB + i * 2 * KIB, 96);
    if (bytes.length < 96 || bytes.toString('latin1', 1, 6) !== 'CD001' || bytes[0] === ISO_END) break;
    if (bytes[0] !== ISO_SUPPLEMENTARY || !/^%\/[@CE]/.test(bytes.toString('latin1', 88, 91))) continue;
    const unicode = utf16(bytes.subarray(40, 72)).split('\0', 1)[0]!.trimEnd();
    return { type: 'iso9660', uuid: isoTime(primary), label: longer(unicode, label) };
  }
  return { type: 'iso9660', uuid: isoTime(primary), label };
};

const ISO_SUPPLEMENTARY = 2;
const ISO_END = 255;

/** A label of Joliet has 16 characters: the rest of a longer one is in the other, in whose letters it begins alike. */
function longer(unicode: string, label: string): string {
  if (unicode === '' || label.length <= unicode.length) return unicode || label;
  const capitals = label.toUpperCase();
  const alike = [...unicode.toUpperCase()].every((char, i) => char === capitals[i] || capitals[i] === '_');
  return alike ? unicode + label.slice(unicode.length) : unicode;
}

/** ISO 9660 has no UUID: the time of the last change (else of creation), to the hundredth, stands for it (ECMA-119, 8.4.26). */
function isoTime(bytes: Buffer): string {
  for (const at of [830, 813]) {
    const [, year, ...rest] = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$/.exec(
      bytes.toString('latin1', at, at + 16),
    ) ?? ['', '0000'];
    if (year !== '0000') return [year, ...rest].join('-');
  }
  return '';
}

/** Apple's Technical Note TN1150. A volume may lie in one of the older kind, whose block at 1 KiB says where. */
const detectHfsPlus: Detector['detect'] = (read, size) => {
  const outer = read(KIB, 512);
  if (outer.length < 512) return undefined;
  let offset = 0;
  if (outer.toString('latin1', 0, 2) === 'BD') {
    const unit = outer.readUInt32BE(20);
    if (!isHfsPlus(outer, 124) || unit < 512 || unit % 512 !== 0) return undefined;
    offset = outer.readUInt16BE(28) * 512 + outer.readUInt16BE(126) * unit;
  }
  const header = offset === 0 ? outer : read(offset + KIB, 512);
  if (header.length < 512 || !isHfsPlus(header, 0)) return undefined;
  const block = header.readUInt32BE(40);
  if (block < 512 || (block & (block - 1)) !== 0) return undefined;
  if (offset + header.readUInt32BE(CATALOG_EXTENTS) * block > size) return undefined;
  return { type: 'hfsplus', uuid: macUuid(header, 104), label: volumeName(read, header, offset, block) };
};

function isHfsPlus(bytes: Buffer, at: number): boolean {
  const mark = bytes.toString('latin1', at, at + 2);
  return mark === 'H+' || mark === 'HX';
}

/** In the header: eight extents of the catalogue, start and count of blocks. */
const CATALOG_EXTENTS = 288;
const EXTENTS = 8;
const LEAF = 0xff;
/** Id of the parent of the root directory. */
const ROOT_PARENT = 1;

/** The first key of the catalogue's first leaf is the root directory's, which has the name of the volume. */
function volumeName(read: ReadAt, header: Buffer, offset: number, block: number): string {
  const catalog = read(offset + header.readUInt32BE(CATALOG_EXTENTS) * block, 64);
  if (catalog.length < 64) return '';
  const leaf = catalog.readUInt32BE(24);
  const nodeSize = catalog.readUInt16BE(32);
  if (nodeSize < 534 || catalog.readUInt32BE(20) === 0) return '';
  let at = Math.floor((leaf * nodeSize) / block);
  for (let i = 0; i < EXTENTS; i++) {
    const start = header.readUInt32BE(CATALOG_EXTENTS + 8 * i);
    const count = header.readUInt32BE(CATALOG_EXTENTS + 8 * i + 4);
    if (count === 0) return '';
    if (at >= count) {
      at -= count;
      continue;
    }
    const node = read(offset + (start + at) * block, nodeSize);
    if (node.length < nodeSize || node[8] !== LEAF || node.readUInt16BE(10) === 0) return '';
    if (node.readUInt32BE(16) !== ROOT_PARENT || node.readUInt16BE(20) > 255) return '';
    return utf16(node.subarray(22, 22 + 2 * node.readUInt16BE(20)))
      .split('\0', 1)[0]!
      .trimEnd();
  }
  return '';
}

/** Inside Macintosh: Files, the master directory block. */
const detectHfs: Detector['detect'] = (read) => {
  const bytes = read(KIB, 128);
  if (bytes.length < 128 || bytes.toString('latin1', 0, 2) !== 'BD' || isHfsPlus(bytes, 124)) return undefined;
  const unit = bytes.readUInt32BE(20);
  if (unit === 0 || unit % 512 !== 0) return undefined;
  return { type: 'hfs', uuid: macUuid(bytes, 116), label: textField(bytes, 37, Math.min(bytes[36]!, 27)) };
};

/** Version 3 of RFC 4122, as Apple makes one of the 8 bytes of Finder information. */
const MAC_NAMESPACE = Buffer.from('b3e20f39f29211d697a400306543ecac', 'hex');

function macUuid(header: Buffer, at: number): string {
  const id = header.subarray(at, at + 8);
  if (id.every((byte) => byte === 0)) return '';
  const hash = Buffer.from(digestOf('md5', Buffer.concat([MAC_NAMESPACE, id])), 'hex');
  hash[6] = 0x30 | (hash[6]! & 0x0f);
  hash[8] = 0x80 | (hash[8]! & 0x3f);
  return uuidField(hash, 0);
}

export const DISC_DETECTORS: readonly Detector[] = [
  { role: 'file system', detect: detectHfsPlus },
  { role: 'tolerant', detect: detectUdf },
  { role: 'tolerant', detect: detectIso },
  { role: 'tolerant', detect: detectHfs },
];
