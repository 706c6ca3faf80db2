import { type Detector, type ReadAt, textField, utf16Field } from '../base/superblock.ts';

/** Clusters and records are read up to this size in bytes: no sane disk has larger ones. */
const MAX_CLUSTER = 64 * 1024;

/** FAT12, FAT16 and FAT32: the boot sector of the FAT specification (FATGEN103, section 3). */
const detectFat: Detector['detect'] = (read) => {
  const boot = read(0, 512);
  if (boot.length < 512 || !isFat(boot)) return undefined;
  const sector = boot.readUInt16LE(11);
  const clusterSectors = boot[13]!;
  const reserved = boot.readUInt16LE(14);
  const copies = boot[16]!;
  const shortLength = boot.readUInt16LE(22);
  const isFat32 = shortLength === 0;
  if (!(isPowerOfTwo(sector) && sector >= 512 && sector <= 4096 && isPowerOfTwo(clusterSectors))) return undefined;
  if (reserved === 0 || copies === 0) return undefined;
  const data = (reserved + copies * (isFat32 ? boot.readUInt32LE(36) : shortLength)) * sector;
  const directory = isFat32
    ? read(data + (boot.readUInt32LE(44) - 2) * clusterSectors * sector, Math.min(clusterSectors * sector, MAX_CLUSTER))
    : read(data, Math.min(boot.readUInt16LE(17) * 32, MAX_CLUSTER));
  // The boot sector has one, too, which systems do not change with it.
  return { type: 'vfat', uuid: fatSerial(boot, isFat32 ? 67 : 39), label: fatDirectoryLabel(directory) ?? '' };
};

/** A boot sector of another kind (a partition table) has the mark at its end too, but no name of the format. */
function isFat(boot: Buffer): boolean {
  if (boot.readUInt16LE(510) !== 0xaa55) return false;
  const names = [boot.toString('latin1', 54, 59), boot.toString('latin1', 82, 87)];
  return ['FAT12', 'FAT16', 'FAT  ', 'MSDOS'].includes(names[0]!) || ['FAT32', 'MSWIN'].includes(names[1]!);
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

/** The entry of the root directory that is a volume label, and neither deleted nor part of a long name. */
function fatDirectoryLabel(directory: Buffer): string | undefined {
  for (let at = 0; at + 32 <= directory.length; at += 32) {
    const first = directory[at];
    if (first === 0) return undefined;
    const attributes = directory[at + 11]!;
    if (first !== 0xe5 && (attributes & 0x18) === 0x08 && (attributes & 0x3f) !== 0x0f)
      return textField(directory, at, 11);
  }
  return undefined;
}

function fatSerial(boot: Buffer, at: number): string {
  const serial = boot.readUInt32LE(at);
  const hex = serial.toString(16).toUpperCase().padStart(8, '0');
  return serial === 0 ? '' : `${hex.slice(0, 4)}-${hex.slice(4)}`;
}

/** exFAT file system specification, section 3.1; the label is an entry of the root directory (7.3). */
const detectExfat: Detector['detect'] = (read) => {
  const boot = read(0, 512);
  if (boot.length < 512 || boot.toString('latin1', 3, 11) !== 'EXFAT   ') return undefined;
  const sectorShift = boot[108]!;
  const clusterShift = boot[109]!;
  const sane = sectorShift >= 9 && sectorShift <= 12 && clusterShift <= 25 - sectorShift;
  const label = sane ? exfatLabel(read, boot, sectorShift, 2 ** (sectorShift + clusterShift)) : '';
  return { type: 'exfat', uuid: fatSerial(boot, 100), label };
};

/** Clusters of a root directory that are looked at; the label is among the first entries of nearly all. */
const MAX_CLUSTERS = 64;

function exfatLabel(read: ReadAt, boot: Buffer, sectorShift: number, cluster: number): string {
  const heap = boot.readUInt32LE(88) * 2 ** sectorShift;
  const table = boot.readUInt32LE(80) * 2 ** sectorShift;
  let number = boot.readUInt32LE(96);
  // The last cluster has a number beyond all others.
  for (let i = 0; i < MAX_CLUSTERS && number >= 2 && number < 0xffff_fff7; i++) {
    const entries = read(heap + (number - 2) * cluster, Math.min(cluster, MAX_CLUSTER));
    for (let at = 0; at + 32 <= entries.length; at += 32) {
      if (entries[at] === 0) return '';
      if (entries[at] === 0x83) return utf16Field(entries, at + 2, Math.min(entries[at + 1]!, 11) * 2);
    }
    const next = read(table + 4 * number, 4);
    if (next.length < 4) return '';
    number = next.readUInt32LE();
  }
  return '';
}

/** NTFS: serial number in the boot sector, label in the file record of `$Volume`. */
const detectNtfs: Detector['detect'] = (read) => {
  const boot = read(0, 512);
  if (boot.length < 512 || boot.toString('latin1', 3, 11) !== 'NTFS    ') return undefined;
  const serial = boot.readBigUInt64LE(72);
  const uuid = serial === 0n ? '' : serial.toString(16).toUpperCase().padStart(16, '0');
  return { type: 'ntfs', uuid, label: ntfsLabel(read, boot) };
};

const VOLUME_RECORD = 3;
const VOLUME_NAME_ATTRIBUTE = 0x60;
const END_OF_ATTRIBUTES = 0xffffffff;

function ntfsLabel(read: ReadAt, boot: Buffer): string {
  const cluster = boot.readUInt16LE(11) * boot[13]!;
  // Negative: the exponent of the size in bytes.
  const clustersPerRecord = boot.readInt8(64);
  const recordSize = clustersPerRecord > 0 ? clustersPerRecord * cluster : 2 ** -clustersPerRecord;
  const table = Number(boot.readBigUInt64LE(48)) * cluster;
  if (!(recordSize >= 256 && recordSize <= MAX_CLUSTER && Number.isSafeInteger(table + VOLUME_RECORD * recordSize)))
    return '';
  const record = read(table + VOLUME_RECORD * recordSize, recordSize);
  if (record.length < recordSize || record.toString('latin1', 0, 4) !== 'FILE') return '';
  let at = record.readUInt16LE(20);
  while (at + 24 <= record.length) {
    const type = record.readUInt32LE(at);
    const length = record.readUInt32LE(at + 4);
    if (type === END_OF_ATTRIBUTES || !(length >= 24 && at + length <= record.length)) return '';
    if (type === VOLUME_NAME_ATTRIBUTE) {
      const value = record.readUInt16LE(at + 20);
      return utf16Field(record.subarray(at, at + length), value, record.readUInt32LE(at + 16));
    }
    at += length;
  }
  return '';
}

/** File systems that came with MS-DOS and Windows. */
export const MICROSOFT_DETECTORS: readonly Detector[] = [
  { role: 'file system', detect: detectExfat },
  { role: 'file system', detect: detectNtfs },
  { role: 'tolerant', detect: detectFat },
];
