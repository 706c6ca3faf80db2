/** Watcher and worker: limits, crashes, and what survives them. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, DaemonFolder, end, isRunning } from './support/daemon.ts';

let folder: DaemonFolder;
beforeEach(() => {
  folder = new DaemonFolder();
});
afterEach(() => folder[Symbol.dispose]());

const ENDLESS = 'with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c';
/** Longer than the watchdog waits by default. */
const LOUD_MS = 18_000;
/** Limits that hold from the start. CPU for two looks: on a slow machine the start of a worker alone fills the first. */
const STRICT = ['--watchdog_delay=0', '--watchdog_latency_limit=6', '--watchdog_max_delay=1'];

const isAside = (name: string) =>
  folder.lines('osqueryd.results.log').some(({ columns }) => (columns as Record<string, string>)['name'] === name);
const ASIDE = { query: 'select name from osquery_schedule where denylisted = 1', interval: 1 };
const FINE = { query: 'select 1 as a', interval: 1, snapshot: true };
const ticks = () => folder.lines('osqueryd.snapshots.log').length;

test('a query that burns the CPU is stopped alone: the worker lives', async () => {
  folder.configure({ schedule: { endless: { query: ENDLESS, interval: 1 }, aside: ASIDE, fine: FINE } });
  const child = folder.start(...STRICT);
  await folder.untilStatus(/stops scheduled query endless: Maximum sustainable CPU utilization limit/);
  const [worker] = childrenOf(child.pid!);
  await folder.until(() => isAside('endless'), 'the query in osquery_schedule');
  const before = ticks();
  await folder.until(() => ticks() > before, 'another run');
  assert.deepEqual(childrenOf(child.pid!), [worker]);
  assert.equal(await end(child), 0);
});

test('decorators and discovery queries that burn the CPU are stopped alone, too', async () => {
  folder.configure({
    decorators: { load: [ENDLESS] },
    packs: { web: { discovery: [ENDLESS], queries: { q: { query: 'select 1 as a', interval: 1 } } } },
    schedule: { fine: FINE },
  });
  const child = folder.start(...STRICT);
  await folder.untilStatus(/stops scheduled query decorators: Maximum sustainable CPU utilization limit/);
  const [worker] = childrenOf(child.pid!);
  await folder.untilStatus(/Discovery query failed .*: Maximum sustainable CPU utilization limit/);
  const before = ticks();
  await folder.until(() => ticks() > before, 'another run');
  assert.deepEqual(childrenOf(child.pid!), [worker]);
  assert.equal(await end(child), 0);
});

test('a query that takes too much memory is stopped alone', async () => {
  const large =
    "select group_concat(hex(zeroblob(100000)), '') from (with recursive c(x) as (select 1 union all select x + 1 from c limit 100000) select x from c)";
  folder.configure({ schedule: { large: { query: large, interval: 1 }, aside: ASIDE, fine: FINE } });
  const child = folder.start(...STRICT, '--watchdog_utilization_limit=100', '--watchdog_latency_limit=1000');
  await folder.untilStatus(/Scheduled query large is denylisted for a day/);
  const [worker] = childrenOf(child.pid!);
  await folder.until(() => isAside('large'), 'the query in osquery_schedule');
  assert.deepEqual(childrenOf(child.pid!), [worker]);
  assert.equal(await end(child), 0);
});

test('a query with denylist false is stopped, and runs again', async () => {
  folder.configure({
    options: { query_timeout: 1 },
    schedule: { kept: { query: ENDLESS, interval: 1, denylist: false } },
  });
  const child = folder.start();
  await folder.until(
    () => [...folder.status.matchAll(/Error executing scheduled query kept: took longer/g)].length > 1,
    'two runs that were stopped',
  );
  assert.doesNotMatch(folder.status, /is denylisted for a day/);
  assert.equal(await end(child), 0);
});

test('a worker that grows too large is started anew, and no query is put aside that took less than half of it', async () => {
  // Each takes some 9 MB more than the one before, and SQLite keeps it.
  const trigger = folder.at('watched/trigger');
  const grow = (times: number) => ({
    query: `select length(hex(zeroblob(size * ${times}))) as n from file where path = '${trigger}'`,
    interval: 1,
  });
  folder.configure({ schedule: { grow1: grow(1), grow2: grow(2), grow3: grow(3), fine: FINE } });
  const limits = ['--watchdog_memory_limit=20', '--query_memory_limit=100', '--watchdog_max_delay=1'];
  const child = folder.start('--watchdog_delay=0', ...limits, '--enable_watchdog_debug', '--verbose');
  // What the worker has at the first look is what it may have.
  await folder.untilStatus(/pid: \d+, cpu: /);
  const [first] = childrenOf(child.pid!);
  writeFileSync(trigger, '');
  truncateSync(trigger, 3_000_000);
  await folder.untilStatus(/osqueryd worker \(\d+\) stopping: Memory limits exceeded: \d+ bytes \(limit is 20MB\)/);
  await folder.until(() => childrenOf(child.pid!).some((pid) => pid !== first), 'the next worker');
  const before = ticks();
  await folder.until(() => ticks() > before, 'another run');
  assert.doesNotMatch(folder.status, /denylisted/);
  assert.equal(await end(child), 0);
});

test('a worker that was killed is started anew, and goes on where it was', async () => {
  const query = `select filename from file where directory = '${folder.at('watched')}'`;
  folder.configure({ schedule: { files: { query, interval: 1 } } });
  const names = () =>
    folder.lines('osqueryd.results.log').map(({ columns }) => (columns as { filename: string }).filename);
  writeFileSync(folder.at('watched/a'), '');
  const child = folder.start('--watchdog_max_delay=1');
  await folder.until(() => names()[0], 'the first row');
  const [worker] = childrenOf(child.pid!);
  process.kill(worker!, 'SIGKILL');
  writeFileSync(folder.at('watched/b'), '');
  await folder.until(() => names()[1], 'the second row');
  // The kill may have come between the line and the note that it was written.
  assert.deepEqual([...new Set(names())], ['a', 'b']);
  assert.match(folder.status, new RegExp(`osqueryd worker \\(${worker}\\) ended by SIGKILL`));
  assert.doesNotMatch(folder.status, /denylisted/);
  assert.equal(await end(child), 0);
});

test('a worker whose watcher was killed ends, and the next daemon goes on', async () => {
  folder.configure({ schedule: { fine: FINE } });
  const child = folder.start();
  await folder.until(() => ticks() > 0, 'the first run');
  const [worker] = childrenOf(child.pid!);
  await end(child, 'SIGKILL');
  const next = folder.start();
  await folder.until(() => !isRunning(worker!), 'the end of the worker');
  await folder.until(() => /osqueryd started/.exec(folder.read(`osqueryd.INFO`)) && ticks() > 1, 'another run');
  assert.equal(await end(next), 0);
});

test('what is wrong from the beginning ends both', async () => {
  folder.configure({ schedule: {} });
  const { status, stderr } = folder.run('osqueryd', '--logger_plugin=nowhere');
  assert.equal(status, 1);
  assert.match(stderr, /ERROR: there is no logger nowhere here/);
});

test('--schedule_timeout ends both', async () => {
  folder.configure({ schedule: { fine: FINE } });
  assert.equal(folder.run('osqueryd', '--schedule_timeout=2').status, 0);
  assert.ok(ticks() > 0);
});

test('files that change faster than the agent may look at them cost events, not the agent', async (t) => {
  // Of one processor a tenth, whatever the machine has of them.
  const percent = Math.ceil(10 / cpus().length);
  const watched = folder.at('watched/top');
  mkdirSync(watched);
  folder.configure({
    schedule: { files: { query: 'select count(*) as n from file_events', interval: 5 } },
    file_paths: { all: [`${watched}/%%`] },
  });
  const flags = ['--enable_file_events', '--watchdog_delay=0', `--watchdog_utilization_limit=${percent}`];
  const child = folder.start(...flags);
  await folder.untilStatus(/inotify: started/);
  const [worker] = childrenOf(child.pid!);
  for (const deadline = Date.now() + LOUD_MS; Date.now() < deadline; await sleep(1)) {
    for (let i = 0; i < 50; i++) writeFileSync(`${watched}/${i}`, 'x');
    for (let i = 0; i < 50; i++) rmSync(`${watched}/${i}`);
  }
  await folder.untilStatus(/events: more come than \d+ % of a processor can take/);
  assert.doesNotMatch(folder.status, /Maximum sustainable CPU/);
  assert.deepEqual(childrenOf(child.pid!), [worker]);
  t.diagnostic(folder.status.match(/inotify: .*/g)?.join('; ') ?? '');
  assert.equal(await end(child), 0);
});
