/** What is on a device, told by its superblock; `blkid` is asked where it is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { identifySuperblock } from '../../src/base/superblock.ts';
import { DISC_DETECTORS } from '../../src/parse/superblock-discs.ts';
import { LINUX_DETECTORS } from '../../src/parse/superblock-linux.ts';
import { MEMBER_DETECTORS } from '../../src/parse/superblock-members.ts';
import { MICROSOFT_DETECTORS } from '../../src/parse/superblock-microsoft.ts';
import { SIGNATURE_DETECTORS } from '../../src/parse/superblock-signatures.ts';
import { UNIX_DETECTORS } from '../../src/parse/superblock-unix.ts';
import {
  be32,
  be64,
  block,
  CASES,
  KIB,
  le16,
  nilfs,
  type Parts,
  SIZE,
  text,
  UUID_BYTES,
  udf,
  zfs,
} from './superblock-images.ts';

const DETECTORS = [
  ...LINUX_DETECTORS,
  ...MICROSOFT_DETECTORS,
  ...DISC_DETECTORS,
  ...SIGNATURE_DETECTORS,
  ...UNIX_DETECTORS,
  ...MEMBER_DETECTORS,
];

function read(parts: Parts, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, Math.min(length, SIZE - position)));
  for (const [at, part] of parts) {
    for (let i = Math.max(0, position - at); i < part.length && at + i < position + bytes.length; i++) {
      bytes[at + i - position] = part[i]!;
    }
  }
  return bytes;
}

for (const [name, parts, type, uuid, label] of CASES) {
  test(name, () => {
    const found = identifySuperblock(DETECTORS, (position, length) => read(parts, position, length), SIZE);
    assert.deepEqual(found, { type, uuid, label });
  });
}

test('what is not whole is none of them', () => {
  const damaged: readonly Parts[] = [
    zfs().slice(0, 4),
    [[KIB, Buffer.concat([nilfs(KIB, 5, 'x')[0]![1].subarray(0, 200), Buffer.from('y')])]],
    [[0, block(64, { 0: text('UBI#\x01'), 24: be32(77) })]],
    [[KIB, block(64, { 0: le16(64), 2: le16(200), 16: le16(0x138f), 18: le16(1) })]],
    [[16 * KIB, block(512, { 0: text('SKUL\xba\xbe\0\x02'), 256: be64(32 * KIB) })]],
    udf('x').slice(0, 3),
    [[KIB, block(512, { 0: text('BD'), 20: be32(1) })]],
  ];
  for (const parts of damaged) {
    assert.equal(
      identifySuperblock(DETECTORS, (position, length) => read(parts, position, length), SIZE),
      undefined,
    );
  }
});

test('the newer of both superblocks of NILFS, as the kernel takes it', () => {
  for (const [first, copy, label] of [
    [5, 6, 'new'],
    [6, 5, 'old'],
  ] as const) {
    const parts = [...nilfs(KIB, first, 'old'), ...nilfs(SIZE - 4096, copy, 'new')];
    assert.equal(identifySuperblock(DETECTORS, (at, length) => read(parts, at, length), SIZE)?.label, label);
  }
});

test('an old header of LUKS below a file system does not hide it', () => {
  const parts: Parts = [
    ...CASES.find(([name]) => name.startsWith('LUKS'))![1],
    [0, block(128, { 0: text('XFSB'), 32: UUID_BYTES })],
  ];
  assert.equal(identifySuperblock(DETECTORS, (at, length) => read(parts, at, length), SIZE)?.type, 'xfs');
});

const skip = spawnSync('blkid', ['-V']).error !== undefined && 'blkid is not on this machine';

test('blkid says the same', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-images-'));
  const path = join(folder, 'image');
  try {
    for (const [name, parts, type, uuid, label] of CASES) {
      const fd = openSync(path, 'w');
      ftruncateSync(fd, SIZE);
      for (const [at, bytes] of parts) writeSync(fd, bytes, 0, bytes.length, at);
      closeSync(fd);
      const { stdout } = spawnSync('blkid', ['-p', '-o', 'export', '-s', 'TYPE', '-s', 'UUID', '-s', 'LABEL', path], {
        encoding: 'utf8',
      });
      const values = new Map(stdout.split('\n').map((line) => line.split('=', 2) as [string, string]));
      // Other versions know other formats, and less or more of one; what they are sure of must be ours.
      if (!values.has('TYPE')) {
        t.diagnostic(`${name}: this blkid does not know it`);
        continue;
      }
      // The format for shells has a backslash before blanks.
      const theirs = ['TYPE', 'UUID', 'LABEL'].map((key) => (values.get(key) ?? '').replace(/\\(.)/g, '$1'));
      assert.deepEqual([type, uuid, label], theirs, name);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
