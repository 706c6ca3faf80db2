import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identifySuperblock, type Superblock } from '../../src/base/superblock.ts';
import { DISC_DETECTORS } from '../../src/parse/superblock-discs.ts';
import { LINUX_DETECTORS } from '../../src/parse/superblock-linux.ts';
import { MICROSOFT_DETECTORS } from '../../src/parse/superblock-microsoft.ts';
import { SIGNATURE_DETECTORS } from '../../src/parse/superblock-signatures.ts';

const DETECTORS = [...LINUX_DETECTORS, ...MICROSOFT_DETECTORS, ...DISC_DETECTORS, ...SIGNATURE_DETECTORS];
const UUID = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex');
const UUID_TEXT = '01020304-0506-0708-090a-0b0c0d0e0f10';

/** An image of 256 KiB with bytes at some places. */
function image(parts: Readonly<Record<number, string | number[] | Buffer>>): Buffer {
  const bytes = Buffer.alloc(256 * 1024);
  for (const [at, part] of Object.entries(parts)) {
    bytes.set(typeof part === 'string' ? Buffer.from(part, 'latin1') : part, Number(at));
  }
  return bytes;
}

function identify(bytes: Buffer): Superblock | undefined {
  return identifySuperblock(DETECTORS, (position, length) => bytes.subarray(position, position + length), bytes.length);
}

function ext(compatible: number, incompatible: number, readOnly: number): Record<number, string | number[] | Buffer> {
  return {
    [1024 + 56]: [0x53, 0xef],
    [1024 + 92]: [compatible, 0, 0, 0, incompatible, 0, 0, 0, readOnly, 0, 0, 0],
    [1024 + 104]: UUID,
    [1024 + 120]: 'root  ',
  };
}

const BCACHE = Buffer.from('c68573f64e1a45ca8265f57f48ba6d81', 'hex');

const raid = (version: number) => [0xfc, 0x4e, 0x2b, 0xa9, version, 0, 0, 0];

const KNOWN: readonly (readonly [string, ReturnType<typeof ext>, Superblock | undefined])[] = [
  ['ext2', ext(0, 0x2, 0x1), { type: 'ext2', uuid: UUID_TEXT, label: 'root' }],
  ['ext3', ext(0x4, 0x2, 0x1), { type: 'ext3', uuid: UUID_TEXT, label: 'root' }],
  ['ext4 by extents', ext(0x4, 0x42, 0x1), { type: 'ext4', uuid: UUID_TEXT, label: 'root' }],
  ['ext4 by huge files', ext(0, 0x2, 0x8), { type: 'ext4', uuid: UUID_TEXT, label: 'root' }],
  ['journal device', ext(0, 0x8, 0), { type: 'jbd', uuid: UUID_TEXT, label: 'root' }],
  ['swap', { 4086: 'SWAPSPACE2', 1036: UUID, 1052: 'swp' }, { type: 'swap', uuid: UUID_TEXT, label: 'swp' }],
  ['swap of 64 KiB pages', { 65526: 'SWAPSPACE2', 1036: UUID }, { type: 'swap', uuid: UUID_TEXT, label: '' }],
  ['old swap', { 4086: 'SWAP-SPACE' }, { type: 'swap', uuid: '', label: '' }],
  ['hibernated', { 4086: 'S1SUSPEND\0', 1036: UUID }, { type: 'swsuspend', uuid: UUID_TEXT, label: '' }],
  [
    'LUKS 2',
    { 0: 'LUKS\xba\xbe\x00\x02', 24: 'vault', 168: UUID_TEXT },
    { type: 'crypto_LUKS', uuid: UUID_TEXT, label: 'vault' },
  ],
  [
    'LUKS 1, whose cipher is where version 2 has its label',
    { 0: 'LUKS\xba\xbe\x00\x01', 24: 'xts-plain64', 168: UUID_TEXT },
    { type: 'crypto_LUKS', uuid: UUID_TEXT, label: '' },
  ],
  [
    'LVM, label in the second sector',
    { 512: 'LABELONE', 532: [32, 0, 0, 0], 536: 'LVM2 001', 544: 'abcdef0123456789ABCDEF0123456789' },
    { type: 'LVM2_member', uuid: 'abcdef-0123-4567-89AB-CDEF-0123-456789', label: '' },
  ],
  [
    'RAID 1.2',
    { 4096: raid(1), 4112: UUID, 4128: 'web-1:0' },
    { type: 'linux_raid_member', uuid: UUID_TEXT, label: 'web-1:0' },
  ],
  [
    'RAID 1.0',
    { [256 * 1024 - 8192]: raid(1), [256 * 1024 - 8176]: UUID },
    { type: 'linux_raid_member', uuid: UUID_TEXT, label: '' },
  ],
  [
    'RAID 0.90, its UUID in two parts and of four numbers',
    { [192 * 1024]: raid(0), [192 * 1024 + 20]: UUID.subarray(0, 4), [192 * 1024 + 52]: UUID.subarray(4) },
    { type: 'linux_raid_member', uuid: '04030201-0807-0605-0c0b-0a09100f0e0d', label: '' },
  ],
  ['xfs', { 0: 'XFSB', 32: UUID, 108: 'data' }, { type: 'xfs', uuid: UUID_TEXT, label: 'data' }],
  [
    'btrfs',
    { [65536 + 64]: '_BHRfS_M', [65536 + 32]: UUID, [65536 + 299]: 'pool' },
    { type: 'btrfs', uuid: UUID_TEXT, label: 'pool' },
  ],
  [
    'iso9660',
    { 32768: '\x01CD001', 32808: 'INSTALL   ', 33581: '2024010203040506', 33598: '0000000000000000' },
    { type: 'iso9660', uuid: '2024-01-02-03-04-05-06', label: 'INSTALL' },
  ],
  [
    'iso9660 with a longer label in Unicode',
    {
      32768: '\x01CD001',
      32808: 'NA_VE_AND_VERY_LONG_LABEL',
      34816: '\x02CD001',
      34856: Buffer.from('Naïve and very l', 'utf16le').swap16(),
      34904: '%/E',
      36864: '\xffCD001',
    },
    { type: 'iso9660', uuid: '', label: 'Naïve and very lONG_LABEL' },
  ],
  [
    'iso9660 with another label in Unicode',
    {
      32768: '\x01CD001',
      32808: 'ISO',
      34816: '\x02CD001',
      34856: Buffer.from('Joliet', 'utf16le').swap16(),
      34904: '%/@',
    },
    { type: 'iso9660', uuid: '', label: 'Joliet' },
  ],
  [
    'bcachefs with the magic of bcache',
    { 4112: [26, 0, 26, 0], 4120: BCACHE, 4152: UUID, 4168: 'fs' },
    { type: 'bcachefs', uuid: UUID_TEXT, label: 'fs' },
  ],
  [
    'FAT16 whose directory has no label, whatever its boot sector has',
    {
      11: [0, 2, 4, 1, 0, 1, 16, 0, 0, 0, 0xf8, 1, 0],
      39: [0x78, 0x56, 0x34, 0x12],
      43: 'OLD LABEL  FAT16   ',
      510: [0x55, 0xaa],
    },
    { type: 'vfat', uuid: '1234-5678', label: '' },
  ],
  [
    'FAT16 with the label in its directory',
    {
      11: [0, 2, 4, 1, 0, 1, 16, 0, 0, 0, 0xf8, 1, 0],
      39: [0x78, 0x56, 0x34, 0x12],
      43: 'NO NAME    FAT16   ',
      510: [0x55, 0xaa],
      1024: 'EFI BOOT   \x08',
    },
    { type: 'vfat', uuid: '1234-5678', label: 'EFI BOOT' },
  ],
  ['a partition table alone', { 510: [0x55, 0xaa] }, undefined],
  ['two file systems that claim the device', { ...ext(0x4, 0x42, 0), 0: 'XFSB' }, undefined],
  [
    'a file system inside what was a RAID member decides nothing',
    { ...ext(0x4, 0x42, 0), 4096: raid(1), 4112: UUID },
    { type: 'linux_raid_member', uuid: UUID_TEXT, label: '' },
  ],
  ['nothing', {}, undefined],
];

for (const [name, parts, expected] of KNOWN) {
  test(name, () => assert.deepEqual(identify(image(parts)), expected));
}

test('cut and scrambled devices are never an error', () => {
  let state = 7;
  const pick = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  for (const [, parts] of KNOWN) {
    const whole = image(parts);
    const marked = Object.keys(parts).map(Number);
    for (let round = 0; round < 20 && marked.length > 0; round++) {
      const bytes = Buffer.from(whole.subarray(0, round % 2 === 0 ? whole.length : pick(70_000)));
      for (let flips = 0; flips < 12; flips++) {
        const at = marked[pick(marked.length)]! + pick(128);
        if (at < bytes.length) bytes[at] = pick(256);
      }
      identify(bytes);
    }
  }
});
