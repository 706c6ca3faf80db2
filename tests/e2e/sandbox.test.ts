/** Which threads of a daemon give up what they do not need, and that the others do not. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';

const HELD = /sandbox of the thread that runs SQL: .*filter of system calls/;

test('threads that read the machine are held; no other thread of the process becomes like them', async (t) => {
  using folder = new DaemonFolder();
  folder.configure({
    schedule: { all: { query: 'SELECT count(*) AS n FROM processes', interval: 1, snapshot: true } },
  });
  const child = folder.start('--disable_watchdog', '--disable_events=false', '--logger_min_status=0');
  const told = await folder.untilStatus(/sandbox of the thread that runs SQL: .*/);
  if (!HELD.test(told)) return t.skip(told);
  await folder.until(() => folder.lines('osqueryd.snapshots.log').length > 2, 'rows');

  const threads = threadsOf(child.pid!);
  const those = threads.filter(({ held }) => held);
  // The one that runs SQL, and the one that hears devices.
  assert.equal(those.length, 2);
  assert.ok(
    those.every(({ name }) => /Worker/.test(name)),
    those.map(({ name }) => name).join(),
  );
  for (const { name, uid, held } of threads) {
    if (held && process.getuid!() === 0) assert.equal(uid, 65534, name);
    if (!held) assert.equal(uid, process.getuid!(), name);
  }
  assert.doesNotMatch(folder.status, /^[WE].*(?:EPERM|EACCES)/m);
  await end(child);
});

test('--disable_sandbox leaves all threads what they have', async () => {
  using folder = new DaemonFolder();
  folder.configure({ schedule: { all: { query: 'SELECT 1 AS n', interval: 1, snapshot: true } } });
  const child = folder.start(
    '--disable_watchdog',
    '--disable_sandbox',
    '--disable_events=false',
    '--logger_min_status=0',
  );
  await folder.untilStatus(/sandbox of the thread that runs SQL: none \(--disable_sandbox\)/);
  assert.ok(threadsOf(child.pid!).every(({ held }) => !held));
  await end(child);
});

function threadsOf(pid: number) {
  return readdirSync(`/proc/${pid}/task`).map((id) => {
    const status = readFileSync(`/proc/${pid}/task/${id}/status`, 'utf8');
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
    return { name: field('Name'), uid: Number(field('Uid').split('\t')[1]), held: field('NoNewPrivs') === '1' };
  });
}
