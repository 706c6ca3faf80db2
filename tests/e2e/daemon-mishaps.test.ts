/** What goes wrong around a daemon that runs, and what it makes of it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { libc } from '../../src/host/linux/native.ts';
import { childrenOf, DaemonFolder, end, isRunning } from './support/daemon.ts';

let folder: DaemonFolder;
beforeEach(() => {
  folder = new DaemonFolder();
  folder.configure({ schedule: { one: { query: 'select 1 as n', interval: 1, snapshot: true } } });
});
afterEach(() => folder[Symbol.dispose]());

/** `tcflow(3)`: output stops. */
const TCOOFF = 0;

/** Both ends of a pseudo-terminal; undefined where there are none. */
function openTerminal(): { readonly master: number; readonly slave: number } | undefined {
  const { O_NOCTTY, O_RDWR } = constants;
  try {
    const master = openSync('/dev/ptmx', O_RDWR | O_NOCTTY);
    const name = Buffer.alloc(64);
    if (libc('int unlockpt(int fd)')(master) !== 0) return undefined;
    if (libc('int ptsname_r(int fd, void *name, size_t size)')(master, name, name.length) !== 0) return undefined;
    return { master, slave: openSync(name.toString('utf8', 0, name.indexOf(0)), O_RDWR | O_NOCTTY) };
  } catch {
    return undefined;
  }
}

const ticks = () => folder.lines('osqueryd.snapshots.log').length;
const ENDLESS = 'with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c';

for (const flags of [[], ['--disable_watchdog']])
  test(`a signal while a query runs that never ends: all ends at once, nothing more is begun ${flags}`, async () => {
    // Due in the same second, and run after the endless one.
    const later = { query: 'select 1', interval: 1 };
    folder.configure({ schedule: { endless: { query: ENDLESS, interval: 1 }, later } });
    const child = folder.start('--schedule_lognames', '--alarm_timeout=40', ...flags);
    await folder.untilStatus(/Executing scheduled query endless/);
    const running = [child.pid!, ...childrenOf(child.pid!)];
    const asked = performance.now();
    assert.equal(await end(child), 0);
    // 5 s are promised; a machine that does other things at the same time may need more, but not a whole alarm_timeout.
    assert.ok(performance.now() - asked < 20_000);
    assert.deepEqual(running.filter(isRunning), []);
    assert.doesNotMatch(folder.status, /query later|^E/m);
  });

test('SIGUSR1 ends it as SIGTERM does, and opens no port for a debugger', async () => {
  const child = folder.start();
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  await folder.until(() => ticks() > 0, 'a run');
  assert.equal(await end(child, 'SIGUSR1'), 0);
  assert.doesNotMatch(stderr, /debug|inspector/i);
});

test('SIGHUPs without end: it runs on, with the last configuration', async () => {
  const child = folder.start();
  await folder.until(() => ticks() > 0, 'a run');
  for (let i = 0; i < 100; i++) {
    folder.configure({ schedule: { [`q${i}`]: { query: 'select 1 as n', interval: 1, snapshot: true } } });
    child.kill('SIGHUP');
    await new Promise(setImmediate);
  }
  await folder.until(() => folder.lines('osqueryd.snapshots.log').at(-1)?.['name'] === 'q99', 'the last query');
  assert.equal(await end(child), 0);
});

test('a pack in a file of its own is read again, too, where only that file has changed', async () => {
  const write = (name: string) =>
    writeFileSync(
      folder.at('web.conf'),
      JSON.stringify({ queries: { [name]: { query: 'select 1 as n', interval: 1, snapshot: true } } }),
    );
  write('before');
  folder.configure({ packs: { web: folder.at('web.conf') } });
  const child = folder.start();
  await folder.until(() => ticks() > 0, 'a run');
  write('after');
  child.kill('SIGHUP');
  await folder.until(() => folder.lines('osqueryd.snapshots.log').at(-1)?.['name'] === 'pack_web_after', 'the new one');
  assert.equal(await end(child), 0);
});

test('a mistake in the options costs that option alone', async () => {
  folder.configure({
    options: { host_identifier: 'nonsense', numeric_monitoring_plugins: 'nowhere', enable_numeric_monitoring: true },
    schedule: { one: { query: 'select 1 as n', interval: 1, snapshot: true } },
  });
  assert.match(
    folder.run('osqueryd', '--config_check').stderr,
    /options\.host_identifier: not hostname, uuid, .*\n.*options\.numeric_monitoring_plugins: not filesystem\n$/,
  );
  const child = folder.start(`--numeric_monitoring_filesystem_path=${folder.at('costs')}`);
  await folder.until(() => ticks() > 0, 'a run');
  assert.equal(await end(child), 0);
  const other = folder.run('osqueryd', '--host_identifier=nonsense');
  assert.deepEqual([other.status, /^ERROR: illegal value 'nonsense' .*uuid/.test(other.stderr)], [1, true]);
});

test('numbers beyond what a timer takes: nothing comes at once', async () => {
  const most = '18446744073709551615';
  const options = { query_timeout: most, schedule_timeout: most, numeric_monitoring_pre_aggregation_time: most };
  folder.configure({
    options: { ...options, enable_numeric_monitoring: true, schedule_epoch: most, schedule_reload: 1 },
    schedule: { one: { query: 'select count(*) as n from processes', interval: 1, snapshot: true } },
  });
  const costs = `--numeric_monitoring_filesystem_path=${folder.at('costs')}`;
  const child = folder.start(costs, `--config_refresh=${most}`, `--watchdog_max_delay=${most}`);
  await folder.until(() => ticks() > 2, 'three runs');
  assert.equal(folder.read('costs'), '');
  assert.equal(await end(child), 0);
  assert.doesNotMatch(folder.status, /^[WE]/m);
  assert.match(folder.read('osqueryd.snapshots.log'), /"epoch":18446744073709551615,/);
});

test('standard output and standard error that take nothing', async () => {
  for (const flags of [[], ['--disable_watchdog']]) {
    const before = ticks();
    const full = openSync('/dev/full', 'w');
    const child = folder.startWith(full, '--logger_plugin=filesystem,stdout', '--verbose', ...flags);
    closeSync(full);
    await folder.until(() => ticks() > before + 1, 'two runs');
    assert.equal(await end(child), 0);
  }
});

test('readers of standard output and standard error that end: the daemon goes on', async () => {
  const child = folder.start('--logger_plugin=filesystem,stdout', '--verbose');
  await folder.until(() => ticks() > 0, 'a run');
  child.stdout!.destroy();
  child.stderr!.destroy();
  const before = ticks();
  await folder.until(() => ticks() > before + 2, 'three runs');
  assert.equal(await end(child), 0);
});

test('a pipe that nobody reads: the daemon goes on', async () => {
  const pipe = folder.at('pipe');
  execFileSync('mkfifo', [pipe]);
  // Full, and held open.
  const held = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    assert.throws(() => {
      for (;;) writeSync(held, Buffer.alloc(4096));
    }, /EAGAIN/);
    const output = openSync(pipe, 'w');
    const child = folder.startWith(output, '--logger_plugin=filesystem,stdout', '--verbose');
    closeSync(output);
    await folder.until(() => ticks() > 2, 'three runs');
    assert.equal(await end(child), 0);
  } finally {
    closeSync(held);
  }
});

test('a terminal that was stopped with Ctrl-S: the daemon goes on', async (t) => {
  const terminal = openTerminal();
  if (terminal === undefined) return t.skip('no pseudo-terminal can be opened here');
  try {
    libc('int tcflow(int fd, int action)')(terminal.slave, TCOOFF);
    const child = folder.startWith(terminal.slave, '--logger_plugin=filesystem,stdout', '--verbose');
    await folder.until(() => ticks() > 2, 'three runs');
    assert.equal(await end(child), 0);
  } finally {
    closeSync(terminal.slave);
    closeSync(terminal.master);
  }
});

test('--logger_plugin=stdout: results and status there, and only there', async () => {
  const child = folder.start('--ephemeral', '--logger_plugin=stdout');
  let [stdout, stderr] = ['', ''];
  child.stdout!.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  const closed = once(child, 'close');
  await folder.until(() => stdout.includes('"snapshot"'), 'a run');
  child.kill('SIGTERM');
  await closed;
  assert.match(stdout, /^severity=0 location=worker\.ts:0 message=osqueryd started /m);
  assert.match(stdout, /^\{"snapshot":\[\{"n":"1"\}\],"action":"snapshot","name":"one",/m);
  assert.match(stdout, /^severity=0 location=worker\.ts:0 message=ends: SIGTERM\n$/m);
  assert.equal(stderr, '');
});

test('a database that turns out to be damaged while it is in use', async () => {
  const rows =
    "select value as n, hex(zeroblob(50)) as filler from json_each('[' || replace(hex(zeroblob(1000)), '00', '1,') || '1]')";
  folder.configure({ schedule: { rows: { query: rows, interval: 1 } } });
  const first = folder.start();
  await folder.until(() => folder.lines('osqueryd.results.log').length > 1000, 'the rows');
  assert.equal(await end(first), 0);
  const database = new DatabaseSync(folder.at('db/store.sqlite'));
  const { page } = database.prepare("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'results'").get() as {
    page: number;
  };
  database.close();
  const bytes = readFileSync(folder.at('db/store.sqlite'));
  bytes.fill(0xff, (page - 1) * 4096, page * 4096);
  writeFileSync(folder.at('db/store.sqlite'), bytes);

  const second = folder.start();
  await folder.untilStatus(/store\.sqlite: damaged \(.*\); moved to .*store\.sqlite\.damaged-1, a new one is begun/);
  const [worker] = childrenOf(second.pid!);
  await folder.until(() => folder.lines('osqueryd.results.log').length === 2002, 'all rows anew');
  assert.deepEqual(childrenOf(second.pid!), [worker]);
  assert.equal(await end(second), 0);
  assert.deepEqual(new Set(folder.lines('osqueryd.results.log').map(({ counter }) => counter)), new Set([0]));
});
