import { type Detector, textField } from '../base/superblock.ts';

/** Members of RAID sets, pools and encrypted volumes whose mark is not simply at the beginning of the device. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Intel's firmware RAID: two sectors before the end of the disk, of 512 or 4096 bytes. */
const detectIntelRaid: Detector['detect'] = (read, size) => {
  for (const sector of [512, 4096]) {
    const at = (Math.floor(size / sector) - 2) * sector;
    if (at > 0 && read(at, 24).latin1Slice() === 'Intel Raid ISM Cfg Sig. ') {
      return { type: 'isw_raid_member', uuid: '', label: '' };
    }
  }
  return undefined;
};

/** The last 4 KiB: `struct md_on_disk_08`, and its successors of 8.4 and 9. Ids have 64 bits. */
const detectDrbd: Detector['detect'] = (read, size) => {
  const bytes = size >= 64 * KIB ? read(size - 4096, 64) : Buffer.alloc(0);
  if (bytes.length < 64 || !DRBD_MAGICS.includes(bytes.readUInt32BE(60))) return undefined;
  const id = bytes.readBigUInt64BE(bytes.readUInt32BE(60) === DRBD_9 ? 48 : 40);
  return { type: 'drbd', uuid: id === 0n ? '' : id.toString(16), label: '' };
};

const DRBD_9 = 0x8374026d;
const DRBD_MAGICS = [0x8374026b, 0x8374026c, DRBD_9];

/** VMware: the volume's header at 1 MiB, the file system's at 2 MiB. */
const detectVmfsVolume: Detector['detect'] = (read) => {
  if (!read(MIB, 4).equals(Buffer.of(0x0d, 0xd0, 0x01, 0xc0))) return undefined;
  return { type: 'VMFS_volume_member', uuid: textField(read(MIB + 532, 35), 0, 35), label: '' };
};

const detectVmfs: Detector['detect'] = (read) => {
  const bytes = read(2 * MIB, 160);
  if (bytes.length < 160 || !bytes.subarray(0, 4).equals(Buffer.of(0x5e, 0xf1, 0xab, 0x2f))) return undefined;
  return { type: 'VMFS', uuid: vmfsUuid(bytes.subarray(9, 25)), label: textField(bytes, 29, 128) };
};

/** Two words and a half word in little endian, then six bytes. */
function vmfsUuid(bytes: Buffer): string {
  const word = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).reverse().toString('hex');
  return [word(0, 4), word(4, 8), word(8, 10), bytes.toString('hex', 10)].join('-');
}

/** LUKS 2 has a second header at one of these places; alone it is the rest of a volume whose first was overwritten. */
const SECOND_HEADERS = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096].map((kib) => kib * KIB);

const detectSecondLuks: Detector['detect'] = (read) => {
  for (const at of SECOND_HEADERS) {
    const bytes = read(at, 264);
    if (bytes.length < 264 || bytes.toString('latin1', 0, 6) !== 'SKUL\xba\xbe' || bytes.readUInt16BE(6) !== 2)
      continue;
    if (bytes.readBigUInt64BE(256) !== BigInt(at)) continue;
    return { type: 'crypto_LUKS', uuid: textField(bytes, 168, 40), label: textField(bytes, 24, 48) };
  }
  return undefined;
};

const ZFS_SMALLEST = 64 * MIB;
/** Of the labels at the beginning; those at the end of a disk may lie in a partition. */
const ZFS_LABELS = [0, 256 * KIB];
/** Blocks of 1 KiB that may each be a root of the pool; a label has 128. */
const UBERBLOCK = { at: 128 * KIB, size: 1 * KIB, count: 128, magic: 0x00bab10cn };
/** Remains of an old pool have fewer. */
const UBERBLOCKS_WANTED = 4;

/** ZFS On-Disk Specification: uberblocks in either byte order, and a list of names and values that says which pool it is. */
const detectZfs: Detector['detect'] = (read, size) => {
  if (size < ZFS_SMALLEST) return undefined;
  let found = 0;
  for (const label of ZFS_LABELS) {
    const blocks = read(label + UBERBLOCK.at, UBERBLOCK.size * UBERBLOCK.count);
    for (let at = 0; at + 8 <= blocks.length; at += UBERBLOCK.size) {
      if (blocks.readBigUInt64LE(at) === UBERBLOCK.magic || blocks.readBigUInt64BE(at) === UBERBLOCK.magic) found += 1;
      if (found === UBERBLOCKS_WANTED) return { type: 'zfs_member', ...poolOf(read(label + 16 * KIB, 4 * KIB)) };
    }
  }
  return undefined;
};

const NV_UINT64 = 8;
const NV_STRING = 9;

/** Name and id of the pool, of a packed `nvlist` in XDR: pairs of the outermost list begin it. */
function poolOf(list: Buffer): { uuid: string; label: string } {
  const pool = { uuid: '', label: '' };
  if (list.length < 16 || list[0] !== 1) return pool;
  for (let at = 12; at + 12 <= list.length; ) {
    const size = list.readUInt32BE(at);
    const nameLength = list.readUInt32BE(at + 8);
    const value = at + 12 + nameLength + (-nameLength & 3);
    // The last pair has size 0; what does not fit is damaged, or beyond what was read.
    if (size < 20 || at + size > list.length || value + 16 > at + size) break;
    const name = list.toString('latin1', at + 12, at + 12 + nameLength);
    const type = list.readUInt32BE(value);
    if (name === 'pool_guid' && type === NV_UINT64) pool.uuid = `${list.readBigUInt64BE(value + 8)}`;
    if (name === 'name' && type === NV_STRING) {
      pool.label = textField(list.subarray(0, at + size), value + 12, list.readUInt32BE(value + 8));
    }
    at += size;
  }
  return pool;
}

/** Containers first: they decide alone. */
export const MEMBER_DETECTORS: readonly Detector[] = [
  { role: 'container', detect: detectIntelRaid },
  { role: 'container', detect: detectDrbd },
  { role: 'container', detect: detectVmfsVolume },
  { role: 'file system', detect: detectVmfs },
  { role: 'file system', detect: detectZfs },
  { role: 'tolerant', detect: detectSecondLuks },
];
