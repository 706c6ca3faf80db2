import { type Detector, textField, uuidField } from '../base/superblock.ts';

/** File systems whose mark is short, so that more than that is checked: UFS, Minix, NILFS, and those of flash memory. */

const KIB = 1024;

/** `struct fs` of BSD's `ufs/ffs/fs.h`: superblocks of UFS 1 and 2 in either byte order. */
const detectUfs: Detector['detect'] = (read) => {
  for (const at of [0, 8 * KIB, 64 * KIB, 256 * KIB]) {
    const bytes = read(at, UFS_MAGIC_AT + 4);
    if (bytes.length < UFS_MAGIC_AT + 4) return undefined;
    const little = UFS_MAGICS.includes(bytes.readUInt32LE(UFS_MAGIC_AT));
    if (!little && !UFS_MAGICS.includes(bytes.readUInt32BE(UFS_MAGIC_AT))) continue;
    const word = (offset: number) => (little ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset));
    const id = [word(144), word(148)];
    const uuid = id.every((half) => half === 0) ? '' : id.map((half) => half.toString(16).padStart(8, '0')).join('');
    return { type: 'ufs', uuid, label: word(UFS_MAGIC_AT) === UFS2_MAGIC ? textField(bytes, 680, 32) : '' };
  }
  return undefined;
};

const UFS_MAGIC_AT = 1372;
const UFS2_MAGIC = 0x19540119;
const UFS_MAGICS = [UFS2_MAGIC, 0x00011954, 0x00195612, 0x00095014, 0x00612195, 0x05231994];

/** `include/uapi/linux/minix_fs.h`, versions 1 to 3 in either byte order. The numbers must fit each other. */
const detectMinix: Detector['detect'] = (read) => {
  const bytes = read(KIB, 64);
  if (bytes.length < 64 || bytes.readUInt16LE(56) === EXT_MAGIC || bytes.readUInt32LE(0) === EROFS_MAGIC) {
    return undefined;
  }
  for (const little of [true, false]) {
    const half = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
    const word = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
    const version = MINIX_VERSIONS.get(half(16)) ?? (half(24) === MINIX3_MAGIC ? 3 : 0);
    if (version === 0) continue;
    // What version 3 has two bytes later, behind a wider number of inodes.
    const later = version === 3 ? 2 : 0;
    const inodes = version === 3 ? word(0) : half(0);
    const zones = version === 1 ? half(2) : word(20);
    const [inodeMap, zoneMap, firstZone, zoneShift] = [
      half(4 + later),
      half(6 + later),
      half(8 + later),
      half(10 + later),
    ];
    const clean = version === 3 || (half(18) & ~3) === 0;
    const fits =
      zoneShift === 0 &&
      inodes > 0 &&
      inodeMap * 8 * KIB >= inodes + 1 &&
      firstZone <= zones &&
      zoneMap * 8 * KIB >= zones - firstZone + 1;
    if (clean && fits) return { type: 'minix', uuid: '', label: '' };
  }
  return undefined;
};

const MINIX_VERSIONS = new Map([
  [0x137f, 1],
  [0x138f, 1],
  [0x2468, 2],
  [0x2478, 2],
]);
const MINIX3_MAGIC = 0x4d5a;
const EXT_MAGIC = 0xef53;
const EROFS_MAGIC = 0xe0f5e1e2;

/** `include/uapi/linux/nilfs2_ondisk.h`: at 1 KiB, with a copy near the end that may be newer; both have a checksum. */
const detectNilfs: Detector['detect'] = (read, size) => {
  const first = nilfs(read(KIB, KIB));
  const end = Math.floor(size / 512) * 512 - 8 * 512;
  const copy = end > KIB ? nilfs(read(end, KIB)) : undefined;
  const last = copy?.readBigUInt64LE(32) === BigInt(size) ? copy : undefined;
  const newer = last !== undefined && (first === undefined || first.readBigUInt64LE(56) < last.readBigUInt64LE(56));
  const bytes = newer ? last : first;
  return bytes && { type: 'nilfs2', uuid: uuidField(bytes, 152), label: textField(bytes, 168, 80) };
};

/** The superblock, where it is one. */
function nilfs(bytes: Buffer): Buffer | undefined {
  if (bytes.length < KIB || bytes.readUInt16LE(6) !== 0x3434) return undefined;
  const length = bytes.readUInt16LE(8);
  if (length < 248 || length > KIB) return undefined;
  const sum = Buffer.from(bytes.subarray(0, length));
  sum.fill(0, 16, 20);
  return crc32(bytes.readUInt32LE(12), sum) === bytes.readUInt32LE(16) ? bytes : undefined;
}

/** Volumes of raw flash memory, `drivers/mtd/ubi/ubi-media.h`; the number of the image stands for an id. */
const detectUbi: Detector['detect'] = (read) => {
  const bytes = read(0, 64);
  if (bytes.length < 64 || bytes.toString('latin1', 0, 4) !== 'UBI#') return undefined;
  if (crc32(0xffff_ffff, bytes.subarray(0, 60)) !== bytes.readUInt32BE(60)) return undefined;
  const image = bytes.readUInt32BE(24);
  return { type: 'ubi', uuid: image === 0 ? '' : `${image}`, label: '' };
};

/** `fs/ubifs/ubifs-media.h`: the first node is the superblock. */
const detectUbifs: Detector['detect'] = (read) => {
  const bytes = read(0, 4096);
  if (bytes.length < 4096 || bytes.readUInt32LE(0) !== 0x06101831) return undefined;
  if (crc32(0xffff_ffff, bytes.subarray(8)) !== bytes.readUInt32LE(4)) return undefined;
  return { type: 'ubifs', uuid: uuidField(bytes, 108), label: '' };
};

/** CRC-32 of IEEE 802.3 from a start value, without turning bits before and after. */
function crc32(start: number, bytes: Buffer): number {
  let crc = start;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return crc >>> 0;
}

export const UNIX_DETECTORS: readonly Detector[] = [
  { role: 'container', detect: detectUbi },
  { role: 'file system', detect: detectUfs },
  { role: 'file system', detect: detectMinix },
  { role: 'file system', detect: detectNilfs },
  { role: 'file system', detect: detectUbifs },
];
