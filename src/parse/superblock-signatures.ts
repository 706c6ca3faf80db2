import { type Detector, textField, utf16Field, uuidField } from '../base/superblock.ts';

/** A format that is told by fixed bytes at a fixed place. */
interface Layout {
  readonly type: string;
  readonly role?: Detector['role'];
  /** Where the superblock begins on the device, in bytes. */
  readonly at: number;
  /** How much of it is read. */
  readonly length: number;
  readonly magic: string | readonly number[];
  /** Offsets below count from the start of the superblock. */
  readonly magicAt: number;
  /** Where the magic is also that of another format. */
  readonly fits?: (bytes: Buffer) => boolean;
  readonly uuid?: (bytes: Buffer) => string;
  readonly label?: (bytes: Buffer) => string;
}

const dce = (at: number) => (bytes: Buffer) => uuidField(bytes, at);
const text = (at: number, length: number) => (bytes: Buffer) => textField(bytes, at, length);
/** Version 3 and older of squashfs are another format to the kernel. */
const oldSquashfs = (bytes: Buffer) => bytes.readUInt16LE(28) < 4;
/** `GFS2_FORMAT_FS` and later ones; GFS has 1309. */
const isGfs2 = (bytes: Buffer) => bytes.readUInt32BE(24) >= 1801;

const BCACHE_MAGIC = [0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca, 0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba, 0x6d, 0x81];
const BCACHEFS_MAGIC = [0xc6, 0x85, 0x73, 0xf6, 0x66, 0xce, 0x90, 0xa9, 0xd9, 0x6a, 0x60, 0xcf, 0x80, 0x3d, 0xf7, 0xef];
/** bcachefs had the magic of bcache at first. That has a version of 64 bits, up to 6; bcachefs two of 16 in its place. */
const isBcache = (bytes: Buffer) => bytes.readBigUInt64LE(16) <= 6n;

/** Offsets are those of the structures that the kernel and the makers of the formats publish. */
const LAYOUTS: readonly Layout[] = [
  {
    type: 'bcache',
    role: 'container',
    at: 4096,
    length: 128,
    magic: BCACHE_MAGIC,
    magicAt: 24,
    fits: isBcache,
    uuid: dce(40),
    label: text(72, 32),
  },
  ...[BCACHE_MAGIC, BCACHEFS_MAGIC].map((magic) => ({
    type: 'bcachefs',
    at: 4096,
    length: 128,
    magic,
    magicAt: 24,
    fits: (bytes: Buffer) => !isBcache(bytes),
    uuid: dce(56),
    label: text(72, 32),
  })),
  { type: 'BitLocker', role: 'container', at: 0, length: 16, magic: '-FVE-FS-', magicAt: 3 },
  { type: 'DM_verity_hash', role: 'container', at: 0, length: 64, magic: 'verity\0\0', magicAt: 0, uuid: dce(16) },
  { type: 'DM_integrity', role: 'container', at: 0, length: 16, magic: 'integrt\0', magicAt: 0 },
  { type: 'ceph_bluestore', at: 0, length: 32, magic: 'bluestore block device', magicAt: 0 },
  { type: 'vdo', at: 0, length: 64, magic: 'dmvdo001', magicAt: 0, uuid: dce(40) },
  { type: 'nss', at: 4096, length: 512, magic: 'SPB5', magicAt: 0, uuid: dce(348) },
  { type: 'bfs', at: 0, length: 16, magic: [0xce, 0xfa, 0xad, 0x1b], magicAt: 0 },
  { type: 'vxfs', at: 1024, length: 16, magic: [0xf5, 0xfc, 0x01, 0xa5], magicAt: 0 },
  { type: 'vxfs', at: 8192, length: 16, magic: [0xa5, 0x01, 0xfc, 0xf5], magicAt: 0 },
  { type: 'xfs', at: 0, length: 128, magic: 'XFSB', magicAt: 0, uuid: dce(32), label: text(108, 12) },
  { type: 'btrfs', at: 65536, length: 1024, magic: '_BHRfS_M', magicAt: 64, uuid: dce(32), label: text(299, 256) },
  { type: 'jfs', at: 32768, length: 256, magic: 'JFS1', magicAt: 0, uuid: dce(136), label: text(152, 16) },
  { type: 'reiserfs', at: 65536, length: 128, magic: 'ReIsErFs', magicAt: 52 },
  { type: 'reiserfs', at: 65536, length: 128, magic: 'ReIsEr2Fs', magicAt: 52, uuid: dce(84), label: text(100, 16) },
  { type: 'reiserfs', at: 65536, length: 128, magic: 'ReIsEr3Fs', magicAt: 52, uuid: dce(84), label: text(100, 16) },
  { type: 'squashfs', at: 0, length: 32, magic: 'hsqs', magicAt: 0, fits: (bytes) => !oldSquashfs(bytes) },
  { type: 'squashfs3', at: 0, length: 32, magic: 'hsqs', magicAt: 0, fits: oldSquashfs },
  { type: 'squashfs3', at: 0, length: 32, magic: 'sqsh', magicAt: 0 },
  { type: 'cramfs', at: 0, length: 64, magic: [0x45, 0x3d, 0xcd, 0x28], magicAt: 0, label: text(48, 16) },
  { type: 'cramfs', at: 0, length: 64, magic: [0x28, 0xcd, 0x3d, 0x45], magicAt: 0, label: text(48, 16) },
  { type: 'romfs', at: 0, length: 32, magic: '-rom1fs-', magicAt: 0, label: text(16, 16) },
  { type: 'apfs', at: 0, length: 96, magic: 'NXSB', magicAt: 32, uuid: dce(72) },
  { type: 'reiser4', at: 65536, length: 64, magic: 'ReIsEr4', magicAt: 0, uuid: dce(20), label: text(36, 16) },
  {
    type: 'gfs2',
    at: 65536,
    length: 272,
    magic: [0x01, 0x16, 0x19, 0x70],
    magicAt: 0,
    fits: isGfs2,
    uuid: dce(256),
    label: text(160, 64),
  },
  ...[1024, 2048, 4096, 8192].map((at) => ({
    type: 'ocfs2',
    at,
    length: 352,
    magic: 'OCFSV2',
    magicAt: 0,
    uuid: dce(336),
    label: text(272, 64),
  })),
  { type: 'oracleasm', at: 0, length: 64, magic: 'ORCLDISK', magicAt: 32, label: text(40, 24) },
  {
    type: 'f2fs',
    at: 1024,
    length: 1148,
    magic: [0x10, 0x20, 0xf5, 0xf2],
    magicAt: 0,
    uuid: dce(108),
    label: (bytes) => utf16Field(bytes, 124, 1024),
  },
  {
    type: 'erofs',
    at: 1024,
    length: 128,
    magic: [0xe2, 0xe1, 0xf5, 0xe0],
    magicAt: 0,
    uuid: dce(48),
    label: text(64, 16),
  },
];

export const SIGNATURE_DETECTORS: readonly Detector[] = LAYOUTS.map((layout) => ({
  role: layout.role ?? 'file system',
  detect(read) {
    const bytes = read(layout.at, layout.length);
    const magic = Buffer.from(layout.magic as string);
    if (!bytes.subarray(layout.magicAt, layout.magicAt + magic.length).equals(magic)) return undefined;
    if (bytes.length < layout.length || layout.fits?.(bytes) === false) return undefined;
    return { type: layout.type, uuid: layout.uuid?.(bytes) ?? '', label: layout.label?.(bytes) ?? '' };
  },
}));
