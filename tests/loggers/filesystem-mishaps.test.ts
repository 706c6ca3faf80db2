/** Disks that are full, lines that are cut, and files that somebody else has put there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { logFiles, unsafeLogFiles } from '../../src/host/linux/log-files.ts';
import type { LogFiles } from '../../src/loggers/log-files.ts';
import { folder, logger, read, said, warnings } from './filesystem-support.ts';

test('a line that somebody left unfinished is ended first, in every file', async () => {
  const log = logger({ rotation: { size: 1000, files: 2 } });
  log.results(['{"a":1}']);
  for (const name of ['osqueryd.results.log', 'osqueryd.snapshots.log'])
    writeFileSync(join(folder, name), '{"cut":"sho', { flag: 'a' });
  log.results(['{"a":2}', '{"a":3}']);
  log.snapshots(['{"b":1}']);
  assert.equal(read('osqueryd.results.log'), '{"a":1}\n{"cut":"sho\n{"a":2}\n{"a":3}\n');
  assert.equal(read('osqueryd.snapshots.log'), '{"cut":"sho\n{"b":1}\n');
  log.status([said('INFO', 'x')]);
  const status = join(folder, 'osqueryd.INFO');
  writeFileSync(status, 'I1123 half', { flag: 'a' });
  log.status([said('INFO', 'y')]);
  assert.match(readFileSync(status, 'utf8'), /\] x\nI1123 half\nI1123 .*\] y\n$/);
  // Nothing to say ends no line.
  writeFileSync(join(folder, 'osqueryd.results.log'), 'half');
  assert.equal(log.results([]), true);
  logger();
  assert.equal(read('osqueryd.results.log'), 'half');
  // The file after a rotation.
  log.results(['x'.repeat(1000)]);
  log.results(['new']);
  await log.close();
  assert.equal(read('osqueryd.results.log'), 'new\n');
});

describe('what somebody else may have put there', () => {
  const kinds: Readonly<Record<string, (path: string) => void>> = {
    'a link': (path) => symlinkSync('victim', path),
    'a named pipe': (path) => void spawnSync('mkfifo', [path]),
    'a directory': (path) => mkdirSync(path),
    'a second name, a hard link': (path) => linkSync(join(folder, 'victim'), path),
  };
  for (const [kind, put] of Object.entries(kinds))
    test(`${kind}: moved aside, and the line is logged`, () => {
      writeFileSync(join(folder, 'victim'), 'secret\n', { mode: 0o600 });
      put(join(folder, 'osqueryd.snapshots.log'));
      const log = logger();
      assert.equal(log.snapshots(['1']), true);
      assert.deepEqual([read('victim'), read('osqueryd.snapshots.log')], ['secret\n', '1\n']);
      assert.equal(statSync(join(folder, 'victim')).mode & 0o777, 0o600);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, new RegExp(`snapshots\\.log is not used, as .*${kind}.*moved to .*refused-1$`));
    });

  test('again and again: lines go on, and no more than nine are kept', () => {
    const log = logger();
    for (let i = 1; i <= 15; i++) {
      rmSync(join(folder, 'osqueryd.results.log'));
      symlinkSync('victim', join(folder, 'osqueryd.results.log'));
      assert.equal(log.results(['x']), true);
      assert.equal(read('osqueryd.results.log'), 'x\n');
    }
    assert.equal(existsSync(join(folder, 'victim')), false);
    assert.equal(readdirSync(folder).filter((name) => name.includes('refused')).length, 9);
  });

  test('a second name that a file of ours is given while we use it is no matter', () => {
    const log = logger();
    log.results(['1']);
    linkSync(join(folder, 'osqueryd.results.log'), join(folder, 'his'));
    log.results(['2']);
    assert.deepEqual([read('osqueryd.results.log'), warnings], ['1\n2\n', []]);
  });

  test('with --allow_unsafe a link is followed, and nobody waits for a pipe', () => {
    symlinkSync('elsewhere', join(folder, 'osqueryd.snapshots.log'));
    const log = logger({}, unsafeLogFiles);
    log.snapshots(['3']);
    assert.equal(read('elsewhere'), '3\n');
  });
});

test('a full disk: no half lines, one warning, and how many were lost', (t) => {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder]).status !== 0)
    return t.skip('mounting a small file system needs root');
  try {
    const log = logger();
    for (let i = 0; i < 100; i++) log.snapshots([String(i).padStart(1000, '0')]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /cannot log: ENOSPC/);
    const kept = read('osqueryd.snapshots.log');
    assert.ok(kept.endsWith('\n'));
    assert.equal(kept.length % 1001, 0);
    assert.equal(log.lost, 100 - kept.length / 1001);
    const { lost } = log;
    spawnSync('mount', ['-o', 'remount,size=1m', folder]);
    log.snapshots(['again']);
    assert.match(read('osqueryd.snapshots.log'), /\nagain\n$/);
    assert.equal(warnings[1], `logging again; ${lost} lines were lost`);
    assert.equal(log.lost, 0);
  } finally {
    spawnSync('umount', [folder]);
  }
});

test('results are all in the file or none, and who logs them hears which', (t) => {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder]).status !== 0)
    return t.skip('mounting a small file system needs root');
  try {
    const log = logger();
    assert.equal(log.results(['first']), true);
    const many = Array.from({ length: 100 }, (_, i) => String(i).padStart(1000, '0'));
    assert.equal(log.results(many), false);
    assert.equal(read('osqueryd.results.log'), 'first\n');
    spawnSync('mount', ['-o', 'remount,size=1m', folder]);
    assert.equal(log.results(many), true);
    assert.equal(read('osqueryd.results.log'), `first\n${many.join('\n')}\n`);
    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /cannot log: ENOSPC.*; results wait until it goes again/);
    assert.equal(warnings[1], 'logging again');
  } finally {
    spawnSync('umount', [folder]);
  }
});

test('a disk that is full each second moment is said once a minute', () => {
  let full = true;
  const files: LogFiles = {
    ...logFiles,
    append: () => {
      if (full) throw new Error('ENOSPC');
    },
  };
  const log = logger({}, files);
  for (let i = 0; i < 50; i++) {
    log.snapshots(['x']);
    full = !full;
  }
  assert.deepEqual(warnings.length, 3);
});

test('a directory that is not there is a warning, not the end', () => {
  const log = logger({ directory: join(folder, 'nowhere') });
  log.results(['x']);
  log.status([said('ERROR', 'x')]);
  assert.match(warnings[0]!, /cannot log: ENOENT.*nowhere/);
});
