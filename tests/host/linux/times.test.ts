/** The whole part of a file's time is its second, however close the next one is. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FileStat } from '../../../src/host/host.ts';
import { KernelScan } from '../../../src/host/linux/kernel-directory.ts';
import { LinuxHost } from '../../../src/host/linux/linux-host.ts';
import { secondsOf } from '../../../src/host/linux/seconds.ts';

const TIMES = [
  '1700000000.999999999',
  '1700000000.999999880',
  '1700000001.000000000',
  '-0.000000001',
  '4294967296.999999999',
];

test('a time a nanosecond before the next second is of its own', () => {
  const directory = mkdtempSync(join(tmpdir(), 'osquery-times-'));
  try {
    for (const [i, time] of TIMES.entries()) execFileSync('touch', ['-d', `@${time}`, join(directory, `${i}`)]);
    const expected = execFileSync('stat', ['-c', '%X %Y', ...TIMES.map((_, i) => `${i}`)], {
      cwd: directory,
      encoding: 'utf8',
    });
    const shown = ({ atime, mtime }: FileStat) => `${Math.floor(atime)} ${Math.floor(mtime)}`;
    const { files } = new LinuxHost('/');
    const paths = TIMES.map((_, i) => join(directory, `${i}`));
    const lines = expected.trim().split('\n');
    assert.deepEqual(
      paths.map((path) => shown(files.linkStat(path))),
      lines,
    );
    assert.deepEqual(
      paths.map((path) => {
        using open = files.open(path);
        return shown(open.stat);
      }),
      lines,
    );
    const scanned = new Map<string, string>();
    using scan = new KernelScan(directory, directory, true, true);
    for (let entry = scan.read(); entry !== undefined; entry = scan.read()) scanned.set(entry.name, shown(entry.stat!));
    assert.deepEqual(
      TIMES.map((_, i) => scanned.get(`${i}`)),
      lines,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('seconds are whole in every century', () => {
  for (const second of [-(2 ** 33), -1, 0, 1_700_000_000, 2 ** 36, 2 ** 40]) {
    assert.equal(Math.floor(secondsOf(second, 999_999_999)), second);
    assert.equal(secondsOf(second, 0), second);
    assert.equal(secondsOf(second, 500_000_000), second + 0.5);
  }
});
