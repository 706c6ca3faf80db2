/** Pid file, background, reload and osqueryctl. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { DaemonFolder, end, isRunning, parentOf } from './support/daemon.ts';

let folder: DaemonFolder;
beforeEach(() => {
  folder = new DaemonFolder();
  folder.configure({ schedule: { one: { query: 'select 1 as n', interval: 1, snapshot: true } } });
});
afterEach(() => folder[Symbol.dispose]());

const ticks = () => folder.lines('osqueryd.snapshots.log').length;

test('a second daemon is told who runs', async () => {
  const child = folder.start();
  await folder.until(() => ticks() > 0, 'a run');
  const other = folder.run('osqueryd');
  assert.equal(other.status, 1);
  assert.match(other.stderr, new RegExp(`Pidfile::Error::Busy: .*, process ${child.pid}`));
  const sameStore = folder.run('osqueryd', '--pidfile', '/dev/null', '--disable_watchdog');
  assert.equal(sameStore.status, 1);
  const own = folder.run('osqueryd', '--disable_watchdog', '--flagfile=/dev/null');
  assert.match(own.stderr, /Pidfile::Error::Busy/);
  await end(child, 'SIGKILL');
  // What the killed one left behind keeps nobody away.
  assert.equal(folder.read('pid'), String(child.pid));
  const next = folder.start();
  await folder.until(() => folder.read('pid') === String(next.pid), 'the next pid');
  assert.equal(await end(next), 0);
  assert.equal(existsSync(folder.at('pid')), false);
});

test('a store that somebody has is named with who has it', async () => {
  const child = folder.start('--pidfile=/dev/null');
  await folder.until(() => ticks() > 0, 'a run');
  const other = folder.run('osqueryd', '--disable_watchdog');
  assert.equal(other.status, 1);
  const holder = /process (\d+) has it/.exec(other.stderr)?.[1];
  assert.equal(parentOf(Number(holder)), child.pid);
  assert.equal(await end(child), 0);
});

test('a pid file that is empty, or names another program, or links elsewhere', async () => {
  for (const content of ['', String(process.pid), 'nonsense', '99999999999999999999']) {
    writeFileSync(folder.at('pid'), content);
    const child = folder.start('--disable_watchdog');
    await folder.until(() => folder.read('pid') === String(child.pid), 'its own pid');
    assert.equal(statSync(folder.at('pid')).mode & 0o777, 0o644 & statSync(folder.at('pid')).mode);
    assert.equal(await end(child), 0);
    assert.ok(isRunning(process.pid));
  }
});

test('two that start at the same instant: one runs', async () => {
  const both = [folder.start(), folder.start()];
  const codes = both.map(async (child) => [child, (await once(child, 'exit'))[0]] as const);
  const [loser, code] = await Promise.race(codes);
  assert.equal(code, 1);
  const winner = both.find((child) => child !== loser)!;
  await folder.until(() => ticks() > 0, 'a run');
  assert.equal(folder.read('pid'), String(winner.pid));
  assert.equal(await end(winner), 0);
});

test('--force takes the place of a daemon, and of nothing else', async () => {
  const first = folder.start();
  await folder.until(() => ticks() > 0, 'a run');
  const gone = once(first, 'exit');
  const second = folder.start('--force');
  assert.equal((await gone)[0], 0);
  await folder.until(() => folder.read('pid') === String(second.pid), 'the pid of the second');
  assert.equal(await end(second), 0);

  // A program that is no daemon has the file locked.
  const script = `exec 9>>"$1"; flock 9; echo locked; exec sleep 60`;
  const other = spawn('bash', ['-c', script, 'bash', folder.at('pid')], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(other.stdout!, 'data');
  const third = folder.run('osqueryd', '--force');
  assert.equal(third.status, 1);
  assert.match(third.stderr, /Refusing to kill non-osqueryd process \d+/);
  assert.ok(isRunning(other.pid!));
  other.kill('SIGKILL');
});

test('SIGHUP reads the configuration again; one that cannot be read changes nothing', async () => {
  const child = folder.start();
  await folder.until(() => ticks() > 0, 'a run');
  const names = () => new Set(folder.lines('osqueryd.snapshots.log').map(({ name }) => name));
  folder.configure({
    options: { specified_identifier: 'host-2' },
    schedule: { two: { query: 'select 2 as n', interval: 1, snapshot: true } },
  });
  child.kill('SIGHUP');
  await folder.until(() => names().has('two'), 'the new query');
  const last = folder.lines('osqueryd.snapshots.log').at(-1)!;
  assert.deepEqual([last['name'], last['hostIdentifier']], ['two', 'host-2']);
  rmSync(folder.at('osquery.conf'));
  child.kill('SIGHUP');
  await folder.untilStatus(/Error reading config: .*osquery\.conf: cannot be read: ENOENT/);
  const before = ticks();
  await folder.until(() => ticks() > before, 'another run');
  assert.equal(await end(child), 0);
});

test('--config_refresh finds changes by itself; a daemon without a configuration waits for one', async () => {
  const text = readFileSync(folder.at('osquery.conf'));
  rmSync(folder.at('osquery.conf'));
  const child = folder.start('--config_refresh=1');
  await folder.untilStatus(/Error reading config/);
  writeFileSync(folder.at('osquery.conf'), text);
  await folder.until(() => ticks() > 0, 'a run');
  assert.equal(await end(child), 0);
});

test('--config_enable_backup: the last configuration that could be read', async () => {
  const first = folder.start('--config_enable_backup');
  await folder.until(() => ticks() > 0, 'a run');
  assert.equal(await end(first), 0);
  rmSync(folder.at('osquery.conf'));
  const before = ticks();
  const second = folder.start('--config_enable_backup');
  await folder.until(() => ticks() > before, 'a run with the backup');
  assert.equal(await end(second), 0);
  assert.match(folder.status, /Starts with the backup of the configuration/);
});

test('osqueryctl: start, status, restart, stop, clean', async () => {
  const ctl = (command: string) => {
    const { status, stdout, stderr } = folder.run('osqueryctl', command);
    return [status, stdout.trim() || stderr.trim()] as const;
  };
  assert.deepEqual(ctl('status'), [3, 'osqueryd is not running']);
  assert.deepEqual(ctl('config-check'), [0, '']);
  const [code, started] = ctl('start');
  assert.equal(code, 0);
  const pid = await folder.untilPid();
  assert.equal(started, `osqueryd is running. pid: ${pid}`);
  assert.deepEqual(ctl('start'), [0, `osqueryd is running already. pid: ${pid}`]);
  assert.equal(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'osqueryd\n');
  await folder.until(() => ticks() > 0, 'a run in the background');
  assert.match(ctl('clean')[1], /osqueryd is running/);
  assert.equal(ctl('restart')[0], 0);
  assert.notEqual(await folder.untilPid(), pid);
  assert.deepEqual(ctl('stop'), [0, 'osqueryd has ended']);
  assert.deepEqual(ctl('stop'), [0, 'osqueryd is not running']);
  assert.match(ctl('clean')[1], /removed .*store\.sqlite/);
  assert.deepEqual(ctl('clean'), [0, 'there is no database']);
  assert.equal(ctl('fly')[0], 2);
});

test('what keeps a daemon from starting in the background is said', () => {
  const { status, stderr } = folder.run('osqueryd', '--daemonize', '--logger_plugin=nowhere');
  assert.equal(status, 1);
  assert.match(stderr, /ERROR: there is no logger nowhere here/);
});

test('a pid file behind a link is not followed to a file of others', () => {
  writeFileSync(folder.at('precious'), 'precious');
  symlinkSync(folder.at('precious'), folder.at('pid'));
  const { status, stderr } = folder.run('osqueryd', '--disable_watchdog');
  assert.equal(status, 1);
  assert.match(stderr, /pid file .* is not used, as it is a link/);
  assert.equal(folder.read('precious'), 'precious');
});
