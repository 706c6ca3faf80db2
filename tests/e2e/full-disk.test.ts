/** A disk that fills up while the daemon writes to it, and is emptied again. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';
import { empty, fill, mountSmall, unmount } from './support/small-disk.ts';

test('the agent goes on, says what it lost, and logs again when there is room', async (t) => {
  using folder = new DaemonFolder();
  const small = folder.at('small');
  const why = mountSmall(small, '8m');
  if (why !== undefined) return t.skip(`no tmpfs can be mounted here: ${why}`);
  try {
    const files = `select filename from file where directory = '${folder.at('watched')}'`;
    folder.configure({
      schedule: {
        files: { query: files, interval: 1 },
        tick: { query: 'select unix_time, hex(zeroblob(2000)) as filler from time', interval: 1, snapshot: true },
      },
    });
    let stderr = '';
    const child = folder.start(`--database_path=${small}/db`, `--logger_path=${small}`);
    child.stderr!.on('data', (chunk) => {
      stderr += chunk;
    });
    const said = (pattern: RegExp) => folder.until(() => pattern.exec(stderr)?.[0], String(pattern));
    const names = () =>
      folder.lines('small/osqueryd.results.log').map(({ columns }) => (columns as { filename: string }).filename);
    writeFileSync(folder.at('watched/a'), '');
    await folder.until(() => names().includes('a'), 'the first row');

    fill(small);
    await said(/cannot log: ENOSPC/);
    writeFileSync(folder.at('watched/b'), 'x'.repeat(100));
    assert.equal(child.exitCode, null);

    empty(small);
    await said(/logging again; \d+ lines were lost/);
    await folder.until(() => names().includes('b'), 'the row that came while the disk was full');
    writeFileSync(folder.at('watched/c'), '');
    await folder.until(() => names().includes('c'), 'the next row');
    assert.equal(await end(child), 0);
    // Every line is whole: half of one is taken back.
    assert.ok(folder.lines('small/osqueryd.snapshots.log').length > 0);
  } finally {
    unmount(small);
  }
});

test('a disk that is full from the beginning', async (t) => {
  using folder = new DaemonFolder();
  const small = folder.at('small');
  const why = mountSmall(small, '1m');
  if (why !== undefined) return t.skip(`no tmpfs can be mounted here: ${why}`);
  try {
    folder.configure({ schedule: { tick: { query: 'select 1 as n', interval: 1, snapshot: true } } });
    fill(small);
    const child = folder.start('--disable_watchdog', `--database_path=${small}/db`);
    let stderr = '';
    child.stderr!.on('data', (chunk) => {
      stderr += chunk;
    });
    await folder.until(
      () => /cannot be written: .*(full|ENOSPC).*; until the agent is started anew/.exec(stderr),
      'the warning',
    );
    await folder.until(() => folder.lines('osqueryd.snapshots.log')[0], 'a run');
    assert.equal(await end(child), 0);
  } finally {
    unmount(small);
  }
});
