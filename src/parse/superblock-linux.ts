import { type Detector, type ReadAt, type Superblock, textField, uuidField } from '../base/superblock.ts';

/** ext2, ext3, ext4 and their journals: `struct ext4_super_block`, `fs/ext4/ext4.h`. */
const detectExt: Detector['detect'] = (read) => {
  const bytes = read(1024, 256);
  if (bytes.length < 256 || bytes.readUInt16LE(56) !== 0xef53) return undefined;
  const compatible = bytes.readUInt32LE(92);
  const incompatible = bytes.readUInt32LE(96);
  const readOnlyCompatible = bytes.readUInt32LE(100);
  const beyondExt3 = (incompatible & ~EXT3_INCOMPATIBLE) !== 0 || (readOnlyCompatible & ~EXT3_READ_ONLY) !== 0;
  const type =
    (incompatible & EXT_JOURNAL_DEVICE) !== 0
      ? 'jbd'
      : beyondExt3
        ? 'ext4'
        : (compatible & EXT_HAS_JOURNAL) !== 0
          ? 'ext3'
          : 'ext2';
  return { type, uuid: uuidField(bytes, 104), label: textField(bytes, 120, 16) };
};

const EXT_HAS_JOURNAL = 0x4;
const EXT_JOURNAL_DEVICE = 0x8;
/** File types, recovery wanted, meta block groups. */
const EXT3_INCOMPATIBLE = 0x2 | 0x4 | 0x10;
/** Sparse superblocks, large files, tree directories. */
const EXT3_READ_ONLY = 0x1 | 0x2 | 0x4;

/** Swap areas of every page size: a mark at the end of the first page, `union swap_header`, `include/linux/swap.h`. */
const detectSwap: Detector['detect'] = (read) => {
  for (const page of [4096, 8192, 16384, 65536]) {
    const mark = read(page - 10, 10).latin1Slice();
    const hibernated = HIBERNATION_MARKS.some((text) => mark.startsWith(text)) || read(0, 8).equals(TUX_ON_ICE);
    if (mark !== 'SWAPSPACE2' && mark !== 'SWAP-SPACE' && !hibernated) continue;
    const type = hibernated ? 'swsuspend' : 'swap';
    if (mark === 'SWAP-SPACE') return { type, uuid: '', label: '' };
    const header = read(1024, 64);
    return { type, uuid: uuidField(header, 12), label: textField(header, 28, 16) };
  }
  return undefined;
};

/** TuxOnIce writes at the beginning of the area, and leaves the mark of the swap space. */
const TUX_ON_ICE = Buffer.from('edc302e99856e50c', 'hex');
const HIBERNATION_MARKS = ['S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB0001'];

/** LUKS 1 and 2 on-disk format specifications: version in big endian, UUID as text; a label only in version 2. */
const detectLuks: Detector['detect'] = (read) => {
  const bytes = read(0, 512);
  if (bytes.length < 208 || bytes.toString('latin1', 0, 6) !== 'LUKS\xba\xbe') return undefined;
  const label = bytes.readUInt16BE(6) === 2 ? textField(bytes, 24, 48) : '';
  return { type: 'crypto_LUKS', uuid: textField(bytes, 168, 40), label };
};

/** A physical volume has its label in one of the first four sectors; its id follows the label's header. */
const detectLvm: Detector['detect'] = (read) => {
  const sectors = read(0, 4 * 512);
  for (let at = 0; at + 512 <= sectors.length; at += 512) {
    if (
      sectors.toString('latin1', at, at + 8) !== 'LABELONE' ||
      sectors.toString('latin1', at + 24, at + 32) !== 'LVM2 001'
    )
      continue;
    const id = textField(sectors, at + sectors.readUInt32LE(at + 20), 32);
    const groups = /^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/s.exec(id)?.slice(1) ?? [];
    return { type: 'LVM2_member', uuid: groups.join('-'), label: '' };
  }
  return undefined;
};

const RAID_MAGIC = 0xa92b4efc;

/** Software RAID, `include/uapi/linux/raid/md_p.h`: at the start (1.1), at 4 KiB (1.2), near the end (1.0 and 0.90). */
const detectRaid: Detector['detect'] = (read, size) => {
  // 1.0: at least 8 KiB from the end, on a boundary of 4 KiB.
  const nearEnd = Math.floor(size / 512) * 512 - 8192;
  for (const at of [0, 4096, nearEnd - (nearEnd % 4096)]) {
    const found = at < 0 ? undefined : raidMember(read, at);
    if (found !== undefined) return found;
  }
  // 0.90: the last whole 64 KiB.
  const old = Math.floor(size / 65536) * 65536 - 65536;
  const bytes = old >= 0 ? read(old, 64) : Buffer.alloc(0);
  if (bytes.length < 64 || bytes.readUInt32LE(0) !== RAID_MAGIC || bytes.readUInt32LE(4) !== 0) return undefined;
  // Four numbers, the first apart from the others; mdadm writes each with its highest byte first.
  const uuid = uuidField(Buffer.concat([bytes.subarray(20, 24), bytes.subarray(52, 64)]).swap32(), 0);
  return { type: 'linux_raid_member', uuid, label: '' };
};

function raidMember(read: ReadAt, at: number): Superblock | undefined {
  const bytes = read(at, 64);
  if (bytes.length < 64 || bytes.readUInt32LE(0) !== RAID_MAGIC || bytes.readUInt32LE(4) !== 1) return undefined;
  return { type: 'linux_raid_member', uuid: uuidField(bytes, 16), label: textField(bytes, 32, 32) };
}

/** File systems and volumes whose home is Linux. */
export const LINUX_DETECTORS: readonly Detector[] = [
  { role: 'container', detect: detectRaid },
  { role: 'container', detect: detectLvm },
  { role: 'container', detect: detectLuks },
  { role: 'file system', detect: detectSwap },
  { role: 'file system', detect: detectExt },
];
