/** Images made by hand of the fields that tell a format, with what `blkid -p` (util-linux 2.38) says of each. */
import { crc32 } from 'node:zlib';

export const KIB = 1024;
const MIB = 1024 * KIB;
export const SIZE = 64 * MIB;
const UUID = '01020304-0506-0708-090a-0b0c0d0e0f10';
export const UUID_BYTES = Buffer.from(UUID.replaceAll('-', ''), 'hex');

/** Where bytes lie in an image of 64 MiB that is zero elsewhere. */
export type Parts = readonly (readonly [at: number, bytes: Buffer])[];

export const text = (value: string) => Buffer.from(value, 'latin1');
const hex = (value: string) => Buffer.from(value.replaceAll(' ', ''), 'hex');

/** A block with values at offsets. */
export function block(length: number, fields: Readonly<Record<number, Buffer>>): Buffer {
  const bytes = Buffer.alloc(length);
  for (const [at, value] of Object.entries(fields)) value.copy(bytes, Number(at));
  return bytes;
}

const be16 = (value: number) => hex(value.toString(16).padStart(4, '0'));
export const be32 = (value: number) => hex(value.toString(16).padStart(8, '0'));
export const be64 = (value: bigint | number) => hex(value.toString(16).padStart(16, '0'));
export const le16 = (value: number) => be16(value).reverse();
export const le32 = (value: number) => be32(value).reverse();
const le64 = (value: bigint | number) => be64(value).reverse();
/** From a start value, without turning bits. */
const rawCrc = (start: number, bytes: Buffer) => ~crc32(bytes, ~start >>> 0) >>> 0;

export function zfs(): Parts {
  const pair = (name: string, type: number, value: Buffer) => {
    const padded = Buffer.alloc((name.length + 3) & ~3);
    padded.write(name);
    const rest = Buffer.concat([be32(name.length), padded, be32(type), be32(1), value]);
    return Buffer.concat([be32(rest.length + 8), be32(0), rest]);
  };
  const number = (name: string, value: bigint) => pair(name, 8, be64(value));
  const list = Buffer.concat([
    hex('01010000 00000000 00000001'),
    number('version', 5000n),
    pair('name', 9, Buffer.concat([be32(4), text('tank')])),
    number('state', 0n),
    number('txg', 4n),
    number('pool_guid', 1234567890123456789n),
    number('guid', 42n),
    Buffer.alloc(8),
  ]);
  const roots: Parts = Array.from({ length: 8 }, (_, i) => [128 * KIB + i * KIB, le64(0x00bab10c)]);
  return [[16 * KIB, list], ...roots];
}

export function nilfs(at: number, checkpoint: number, name: string): Parts {
  const bytes = block(KIB, {
    0: le32(2),
    6: hex('3434'),
    8: le16(280),
    12: le32(0x1234567),
    32: le64(SIZE),
    56: le64(checkpoint),
    152: UUID_BYTES,
    168: text(name),
  });
  le32(rawCrc(0x1234567, bytes.subarray(0, 280))).copy(bytes, 16);
  return [[at, bytes]];
}

function ubifs(): Parts {
  const bytes = block(4096, { 0: hex('31181006'), 108: UUID_BYTES });
  le32(rawCrc(0xffffffff, bytes.subarray(8))).copy(bytes, 4);
  return [[0, bytes]];
}

function ubi(): Parts {
  const bytes = block(64, { 0: text('UBI#\x01'), 24: be32(77) });
  be32(rawCrc(0xffffffff, bytes.subarray(0, 60))).copy(bytes, 60);
  return [[0, bytes]];
}

/** With the checksum of Fletcher over what follows it. */
function apfs(): Buffer {
  const bytes = block(4096, { 24: le16(1), 26: hex('0080'), 32: text('NXSB'), 36: le32(4096), 72: UUID_BYTES });
  let [low, high] = [0n, 0n];
  for (let at = 8; at < 4096; at += 4) {
    low += BigInt(bytes.readUInt32LE(at));
    high += low;
  }
  const first = ~((low + high) % 0xffffffffn) & 0xffffffffn;
  const second = ~((low + first) % 0xffffffffn) & 0xffffffffn;
  bytes.writeBigUInt64LE((second << 32n) | first, 0);
  return bytes;
}

export function udf(volumeSet: string): Parts {
  const charset = text('\0OSTA Compressed Unicode');
  const dstring = (value: string) => block(128, { 0: text(`\x08${value}`), 127: Buffer.of(value.length + 1) });
  const tagged = (sector: number, tag: number, fields: Readonly<Record<number, Buffer>>): Parts[0] => [
    sector * 512,
    block(512, { 0: le16(tag), 12: le32(sector), ...fields }),
  ];
  return [
    [32 * KIB, text('\0BEA01\x01')],
    [34 * KIB, text('\0NSR02\x01')],
    [36 * KIB, text('\0TEA01\x01')],
    tagged(256, 2, { 16: le32(16 * 512), 20: le32(300) }),
    tagged(300, 1, { 72: dstring(volumeSet), 200: charset }),
    tagged(301, 6, { 20: charset, 84: dstring('Disc 1'), 217: text('*OSTA UDF Compliant') }),
    tagged(302, 8, {}),
  ];
}

function hfsPlus(offset: number): Parts {
  return [
    [
      offset + KIB,
      block(512, { 0: text('H+'), 40: be32(4096), 104: hex('1122334455667788'), 288: be32(10), 292: be32(4) }),
    ],
    [offset + 40960, block(64, { 20: be32(1), 24: be32(1), 32: be16(4096) })],
    [offset + 45056, block(64, { 8: hex('ff'), 10: be16(1), 16: be32(1), 20: be16(3), 22: hex('004d 0061 0063') })],
  ];
}

const RAID_090 = block(64, {
  0: hex('fc4e2ba9'),
  8: le32(90),
  20: le32(0x11223344),
  52: le32(0x55667788),
  56: le32(0x99aabbcc),
  60: le32(0xddeeff00),
});

export const CASES: readonly (readonly [name: string, parts: Parts, type: string, uuid: string, label: string])[] = [
  ['a pool of ZFS', zfs(), 'zfs_member', '1234567890123456789', 'tank'],
  ['Intel RAID', [[SIZE - 1024, text('Intel Raid ISM Cfg Sig. 1.0.00')]], 'isw_raid_member', '', ''],
  [
    'DRBD 8',
    [[SIZE - 4096, block(128, { 40: be64(0x1234n), 60: hex('8374026b'), 80: be32(4096) })]],
    'drbd',
    '1234',
    '',
  ],
  [
    'DRBD 9',
    [[SIZE - 4096, block(128, { 48: be64(0x4242n), 60: hex('8374026d'), 80: be32(4096) })]],
    'drbd',
    '4242',
    '',
  ],
  [
    'a volume of VMFS',
    [
      [MIB, hex('0dd001c0')],
      [MIB + 532, text('5a5b5c5d-12345678-9abc-0123456789ab')],
    ],
    'VMFS_volume_member',
    '5a5b5c5d-12345678-9abc-0123456789ab',
    '',
  ],
  [
    'VMFS',
    [[2 * MIB, block(160, { 0: hex('5ef1ab2f'), 9: UUID_BYTES, 29: text('store') })]],
    'VMFS',
    '04030201-08070605-0a09-0b0c0d0e0f10',
    'store',
  ],
  ['UBI', ubi(), 'ubi', '77', ''],
  ['UBIFS', ubifs(), 'ubifs', UUID, ''],
  ['VDO', [[0, block(64, { 0: text('dmvdo001'), 40: UUID_BYTES })]], 'vdo', UUID, ''],
  ['BlueStore', [[0, text('bluestore block device')]], 'ceph_bluestore', '', ''],
  ['NSS', [[4096, block(512, { 0: text('SPB5'), 348: UUID_BYTES })]], 'nss', UUID, ''],
  ['BFS', [[0, hex('cefaad1b')]], 'bfs', '', ''],
  ['VxFS', [[1024, hex('f5fc01a5')]], 'vxfs', '', ''],
  ['VxFS in big endian', [[8192, hex('a501fcf5')]], 'vxfs', '', ''],
  [
    'UFS 2',
    [[64 * KIB, block(2048, { 144: le32(0x11), 148: le32(0x22), 680: text('bsd'), 1372: le32(0x19540119) })]],
    'ufs',
    '0000001100000022',
    'bsd',
  ],
  [
    'UFS 1 in big endian',
    [[8 * KIB, block(2048, { 144: be32(0x11), 680: text('none'), 1372: be32(0x00011954) })]],
    'ufs',
    '0000001100000000',
    '',
  ],
  [
    'Minix 1',
    [
      [
        KIB,
        block(64, { 0: le16(64), 2: le16(200), 4: le16(1), 6: le16(1), 8: le16(7), 16: le16(0x138f), 18: le16(1) }),
      ],
    ],
    'minix',
    '',
    '',
  ],
  [
    'Minix 3',
    [
      [
        KIB,
        block(64, {
          0: le32(64),
          6: le16(1),
          8: le16(1),
          10: le16(7),
          20: le32(200),
          24: le16(0x4d5a),
          28: le16(1024),
        }),
      ],
    ],
    'minix',
    '',
    '',
  ],
  ['NILFS 2', nilfs(KIB, 5, 'logs'), 'nilfs2', UUID, 'logs'],
  ['UDF', udf('0123456789ABCDEFLinuxUDF'), 'udf', '0123456789abcdef', 'Disc 1'],
  ['UDF whose name has digits at first', udf('01234567rest of it'), 'udf', '0123456772657374', 'Disc 1'],
  ['UDF whose name is words', udf('Volume set'), 'udf', '566f6c756d652073', 'Disc 1'],
  ['HFS Plus', hfsPlus(0), 'hfsplus', '881fbbd4-30bd-30ca-89ec-803702808889', 'Mac'],
  [
    'HFS Plus in HFS',
    [
      [KIB, block(512, { 0: text('BD'), 20: be32(4096), 28: be16(16), 124: text('H+'), 126: be16(2) })],
      ...hfsPlus(16 * 512 + 2 * 4096),
    ],
    'hfsplus',
    '881fbbd4-30bd-30ca-89ec-803702808889',
    'Mac',
  ],
  [
    'HFS',
    [[KIB, block(512, { 0: text('BD'), 20: be32(512), 36: text('\x03Old'), 116: hex('1122334455667788') })]],
    'hfs',
    '881fbbd4-30bd-30ca-89ec-803702808889',
    'Old',
  ],
  [
    'LUKS 2 whose first header is gone',
    [
      [
        16 * KIB,
        block(512, { 0: text('SKUL\xba\xbe\0\x02'), 24: text('vault'), 168: text(UUID), 256: be64(16 * KIB) }),
      ],
    ],
    'crypto_LUKS',
    UUID,
    'vault',
  ],
  ['APFS', [[0, apfs()]], 'apfs', UUID, ''],
  [
    'GFS 2',
    [
      [
        64 * KIB,
        block(272, {
          0: hex('01161970'),
          24: be32(1801),
          28: be32(1900),
          96: text('lock_dlm'),
          160: text('cluster:fs'),
          256: UUID_BYTES,
        }),
      ],
    ],
    'gfs2',
    UUID,
    'cluster:fs',
  ],
  [
    'OCFS 2',
    [[2 * KIB, block(352, { 0: text('OCFSV2'), 272: text('shared'), 336: UUID_BYTES })]],
    'ocfs2',
    UUID,
    'shared',
  ],
  [
    'Reiser 4',
    [[64 * KIB, block(64, { 0: text('ReIsEr4'), 20: UUID_BYTES, 36: text('four') })]],
    'reiser4',
    UUID,
    'four',
  ],
  ['squashfs 3', [[0, block(96, { 0: text('hsqs'), 28: le16(3) })]], 'squashfs3', '', ''],
  ['RAID 0.90', [[SIZE - 65536, RAID_090]], 'linux_raid_member', '11223344-5566-7788-99aa-bbccddeeff00', ''],
];
