import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { logFiles } from '../../src/host/linux/log-files.ts';
import type { FilesystemLogger } from '../../src/loggers/filesystem.ts';
import type { LogFiles } from '../../src/loggers/log-files.ts';
import { folder, logger, read, said, warnings } from './filesystem-support.ts';

test('results and snapshots, a line each, by osquery’s names and mode', async () => {
  const log = logger();
  assert.equal(read('osqueryd.results.log'), '');
  log.results(['{"a":1}']);
  log.results(['{"a":2}']);
  log.snapshots(['{"b":1}']);
  await log.close();
  assert.equal(read('osqueryd.results.log'), '{"a":1}\n{"a":2}\n');
  assert.equal(read('osqueryd.snapshots.log'), '{"b":1}\n');
  assert.equal(statSync(join(folder, 'osqueryd.results.log')).mode & 0o777, 0o640);
  logger().results(['{"a":3}']);
  assert.equal(read('osqueryd.results.log'), '{"a":1}\n{"a":2}\n{"a":3}\n');
});

test('a file has the mode that was asked for, whatever the umask, and also where it was there', () => {
  const mask = process.umask(0o077);
  try {
    writeFileSync(join(folder, 'osqueryd.snapshots.log'), '', { mode: 0o604 });
    const log = logger({ mode: 0o644 });
    log.results(['1']);
    log.snapshots(['2']);
  } finally {
    process.umask(mask);
  }
  const modeOf = (name: string) => statSync(join(folder, name)).mode & 0o777;
  assert.deepEqual([modeOf('osqueryd.results.log'), modeOf('osqueryd.snapshots.log')], [0o644, 0o644]);
});

test('a file that was moved away is begun anew', () => {
  const log = logger();
  log.results(['1']);
  renameSync(join(folder, 'osqueryd.results.log'), join(folder, 'moved'));
  log.results(['2']);
  assert.deepEqual([read('moved'), read('osqueryd.results.log')], ['1\n', '2\n']);
});

describe('status', () => {
  test('in a file a severity, each with what is worse, and a link to the newest', () => {
    const log = logger();
    log.status([said('INFO', 'one'), said('WARNING', 'two', 61_500)]);
    log.status([said('ERROR', 'three\nE1123 11:59:02.000000 1 y.ts:1] forged\x1b[2J', 3_661_000)]);
    const names = readdirSync(folder)
      .filter((name) => !name.endsWith('.log'))
      .sort();
    assert.deepEqual(names, [
      'osqueryd.ERROR',
      'osqueryd.ERROR.20261123-130001.21812',
      'osqueryd.INFO',
      'osqueryd.INFO.20261123-115902.21812',
      'osqueryd.WARNING',
      'osqueryd.WARNING.20261123-120001.21812',
    ]);
    assert.equal(readlinkSync(join(folder, 'osqueryd.INFO')), 'osqueryd.INFO.20261123-115902.21812');
    const body = (name: string) => read(name).split('\n').slice(4, -1);
    const third = 'E1123 13:00:01.000000 21812 x.ts:7] three E1123 11:59:02.000000 1 y.ts:1] forged [2J';
    assert.deepEqual(body('osqueryd.INFO'), [
      'I1123 11:59:02.000000 21812 x.ts:7] one',
      'W1123 12:00:01.500000 21812 x.ts:7] two',
      third,
    ]);
    assert.deepEqual(body('osqueryd.WARNING').length, 2);
    assert.deepEqual(body('osqueryd.ERROR'), [third]);
    assert.match(read('osqueryd.ERROR'), /^Running duration \(h:mm:ss\): 1:01:01$/m);
  });

  test('a file that has 10 MB is followed by another', () => {
    const log = logger();
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 11; i++) log.status([said('INFO', `${i}${megabyte}`, i * 1000)]);
    const names = readdirSync(folder).filter((name) => name.startsWith('osqueryd.INFO.'));
    assert.deepEqual(names.sort(), ['osqueryd.INFO.20261123-115900.21812', 'osqueryd.INFO.20261123-115910.21812']);
    assert.equal(readlinkSync(join(folder, 'osqueryd.INFO')), names[1]);
    assert.match(
      read('osqueryd.INFO'),
      /^Log file created at: .*\n(.*\n){3}I1123 11:59:10\.\d+ 21812 x\.ts:7\] 10x+\n$/,
    );
  });

  test('a link of an earlier run is replaced', () => {
    symlinkSync('gone', join(folder, 'osqueryd.INFO'));
    logger().status([said('INFO', 'x')]);
    assert.match(read('osqueryd.INFO'), /\] x\n$/);
  });
});

describe('rotation', () => {
  const old = (number: number) =>
    zstdDecompressSync(readFileSync(join(folder, `osqueryd.results.log.${number}.zst`))).toString();
  const names = () =>
    readdirSync(folder)
      .filter((name) => name.startsWith('osqueryd.results.log'))
      .sort();

  /** Writes `texts`, each of which fills the log. */
  async function fill(log: FilesystemLogger, ...texts: string[]): Promise<void> {
    for (const text of texts) {
      log.results([text.repeat(100)]);
      await log.close();
    }
  }

  test('the newest old file as it is, older ones compressed, up to a number', async () => {
    const log = logger({ rotation: { size: 100, files: 3 } });
    await fill(log, 'a', 'b', 'c');
    assert.deepEqual(names(), ['osqueryd.results.log', 'osqueryd.results.log.1', 'osqueryd.results.log.2.zst']);
    assert.deepEqual([read('osqueryd.results.log')[0], read('osqueryd.results.log.1')[0], old(2)[0]], ['c', 'b', 'a']);
    await fill(log, 'd', 'e', 'f');
    assert.deepEqual(names(), [
      'osqueryd.results.log',
      'osqueryd.results.log.1',
      'osqueryd.results.log.2.zst',
      'osqueryd.results.log.3.zst',
    ]);
    assert.deepEqual(
      [read('osqueryd.results.log')[0], read('osqueryd.results.log.1')[0], old(2)[0], old(3)[0]],
      ['f', 'e', 'd', 'c'],
    );
    assert.equal(old(2), `${'d'.repeat(100)}\n`);
    assert.deepEqual(warnings, []);
    assert.equal(statSync(join(folder, 'osqueryd.results.log.2.zst')).mode & 0o777, 0o640);
  });

  test('what an earlier run did not finish is finished', async () => {
    writeFileSync(join(folder, 'osqueryd.results.log.2'), 'left behind');
    writeFileSync(join(folder, 'osqueryd.results.log.2.zst.partial'), 'half');
    const log = logger({ rotation: { size: 100, files: 5 } });
    await fill(log, 'a', 'b', 'c');
    // Until that was done the log grew on.
    assert.match(read('osqueryd.results.log.1'), /^a+\nb+\n$/);
    assert.equal(old(2), 'left behind');
    assert.match(read('osqueryd.results.log'), /^c+\n$/);
  });

  test('a disk that is full while it compresses: nothing half is left, and lines go on', async (t) => {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder]).status !== 0)
      return t.skip('mounting a small file system needs root');
    try {
      const noise = Buffer.from(Array.from({ length: 24_000 }, (_, i) => (i * i * 7919) % 251)).toString('latin1');
      writeFileSync(join(folder, 'osqueryd.results.log.2'), noise.replaceAll('\n', ' '));
      const log = logger({ rotation: { size: 10, files: 5 } });
      writeFileSync(join(folder, 'filler'), Buffer.alloc(20_000));
      log.results(['a'.repeat(20)]);
      spawnSync('dd', ['if=/dev/zero', `of=${join(folder, 'fill')}`, 'bs=4k']);
      log.results(['b']);
      await log.close();
      assert.deepEqual(names(), ['osqueryd.results.log', 'osqueryd.results.log.2']);
      assert.match(warnings[0]!, /cannot rotate .*ENOSPC/);
      rmSync(join(folder, 'fill'));
      assert.equal(log.results(['c']), true);
    } finally {
      spawnSync('umount', [folder]);
    }
  });

  test('one or no old file', async () => {
    await fill(logger({ rotation: { size: 100, files: 1 } }), 'a', 'b', 'c');
    assert.deepEqual(names(), ['osqueryd.results.log', 'osqueryd.results.log.1']);
    await fill(logger({ rotation: { size: 100, files: 0 } }), 'd', 'e');
    assert.equal(read('osqueryd.results.log')[0], 'e');
  });

  test('a rotation that fails is a warning, and lines go on', async () => {
    const broken: LogFiles = {
      ...logFiles,
      rename: () => {
        throw new Error('EPERM: rename');
      },
    };
    const log = logger({ rotation: { size: 100, files: 3 } }, broken);
    await fill(log, 'a', 'b');
    // It is not tried again with each line.
    await fill(log, 'c', 'd');
    assert.deepEqual(warnings, [`cannot rotate ${join(folder, 'osqueryd.results.log')}: EPERM: rename`]);
    assert.equal(read('osqueryd.results.log').length, 404);
  });
});
