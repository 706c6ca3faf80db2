/** Programs that are started while the daemon listens to the kernel's audit, event by event. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { UNREAD } from '../../src/events/audit/publisher.ts';
import { AuditSocket } from '../../src/host/linux/audit-socket.ts';
import { AUDIT, auditState, takeAudit } from './support/audit.ts';
import { childrenOf, DaemonFolder, end } from './support/daemon.ts';

test('each program once, over a restart, and audit is left as it was', async (t) => {
  if (!(await takeAudit(t))) return;
  using folder = new DaemonFolder();
  const before = auditState();
  const mark = `osquery-test-${process.pid}`;
  folder.configure({
    schedule: {
      execs: {
        query: `select cmdline, path, cwd, parent, syscall from process_events where cmdline like '%${mark}%'`,
        interval: 1,
      },
      sources: {
        query: "select name, active from osquery_events where publisher = 'auditeventpublisher'",
        interval: 1,
        snapshot: true,
      },
    },
  });
  const seen = () => folder.lines('osqueryd.results.log').map(({ columns }) => columns as Record<string, string>);
  const run = (from: number, to: number) => {
    for (let i = from; i < to; i++) spawnSync('/bin/echo', [mark, String(i), 'two words', 'ü'], { cwd: '/usr' });
  };
  const first = folder.start(...AUDIT);
  await folder.until(() => folder.lines('osqueryd.snapshots.log')[0], 'a run');
  assert.deepEqual(folder.lines('osqueryd.snapshots.log')[0]!['snapshot'], [
    { active: '1', name: 'auditeventpublisher' },
    { active: '1', name: 'process_events' },
    { active: '1', name: 'user_events' },
  ]);
  run(0, 100);
  await folder.until(() => seen().length >= 100, 'a hundred programs');
  assert.equal(await end(first), 0);
  assert.deepEqual(auditState(), before);

  const second = folder.start(...AUDIT);
  await folder.untilStatus(/(started, is the audit daemon[\s\S]*){2}/);
  run(100, 150);
  await folder.until(() => seen().length >= 150, 'fifty more');
  const runs = folder.lines('osqueryd.snapshots.log').length;
  await folder.until(() => folder.lines('osqueryd.snapshots.log').length > runs + 1, 'two more runs');
  assert.equal(await end(second), 0);
  assert.deepEqual(
    seen().map(({ cmdline }) => cmdline),
    Array.from({ length: 150 }, (_, i) => `/bin/echo ${mark} ${i} two words ü`),
  );
  const [{ path, cwd, parent, syscall }] = seen() as [Record<string, string>];
  assert.match(path!, /\/bin\/echo$/);
  assert.deepEqual([cwd, parent, syscall], ['/usr', String(process.pid), 'execve']);
});

test('forks and signals, where flags want them', async (t) => {
  if (!(await takeAudit(t))) return;
  using folder = new DaemonFolder();
  const columns = 'syscall, pid, parent, path, cmdline';
  folder.configure({
    schedule: { calls: { query: `select ${columns} from process_events`, interval: 1 } },
  });
  const flags = ['--audit_allow_fork_process_events', '--audit_allow_kill_process_events'];
  const child = folder.start(...AUDIT, ...flags);
  await folder.untilStatus(/started, is the audit daemon/);
  const mark = `osquery-fork-${process.pid}`;
  const rows = () => folder.lines('osqueryd.results.log').map(({ columns: cells }) => cells as Record<string, string>);
  // A shell that forks one of its own, waits for it, and signals itself, with its own `kill`.
  const { stdout } = spawnSync('/bin/sh', ['-c', '(echo $$); kill -0 $$; exec /bin/true "$0"', mark], {
    encoding: 'utf8',
  });
  const shell = stdout.trim();
  await folder.until(() => rows().find(({ cmdline }) => cmdline === `/bin/true ${mark}`), 'what it has become');
  const ofShell = rows().filter(
    ({ pid, parent, syscall }) => pid === shell || (parent === shell && /fork|clone/.test(syscall!)),
  );
  assert.deepEqual(
    ofShell.map(({ syscall }) => syscall!.replace(/^(fork|vfork|clone3?)$/, 'fork')),
    // It is itself the child of a fork, of this program.
    ['fork', 'execve', 'fork', 'kill', 'execve'],
  );
  const [, started, forked] = ofShell as Record<string, string>[];
  assert.equal(started!['parent'], String(process.pid));
  assert.equal(forked!['parent'], shell);
  assert.equal(await end(child), 0);
});

test('a worker that is killed leaves audit to the next one, which restores it', async (t) => {
  if (!(await takeAudit(t))) return;
  using folder = new DaemonFolder();
  const before = auditState();
  const mark = `osquery-kill-${process.pid}`;
  folder.configure({
    schedule: { execs: { query: `select cmdline from process_events where cmdline like '%${mark}%'`, interval: 1 } },
  });
  const seen = () =>
    folder.lines('osqueryd.results.log').map(({ columns }) => (columns as { cmdline: string }).cmdline);
  const child = folder.start(...AUDIT, '--watchdog_max_delay=1');
  await folder.untilStatus(/started, is the audit daemon/);
  spawnSync('/bin/echo', [mark, 'first']);
  await folder.until(() => seen()[0], 'the first program');
  assert.equal(auditState().enabled, 1);
  process.kill(childrenOf(child.pid!)[0]!, 'SIGKILL');
  await folder.untilStatus(/(started, is the audit daemon[\s\S]*){2}/);
  spawnSync('/bin/echo', [mark, 'second']);
  await folder.until(() => seen().includes(`/bin/echo ${mark} second`), 'the second program');
  assert.equal(await end(child), 0);
  assert.deepEqual(auditState(), before);
});

test('the kernel leaves out what no table shows for who does not want it, and for nobody else', async (t) => {
  if (!(await takeAudit(t))) return;
  using folder = new DaemonFolder();
  folder.configure({ schedule: { execs: { query: 'select pid from process_events', interval: 60 } } });
  const child = folder.start(...AUDIT);
  await folder.untilStatus(/started, is the audit daemon/);
  using all = new AuditSocket({ readAlong: true });
  using some = new AuditSocket({ readAlong: true, without: UNREAD });
  spawnSync('/bin/true');
  const [SYSCALL, EXECVE, END] = [1300, 1309, 1320];
  const heard = async (socket: AuditSocket) => {
    const types = new Set<number>();
    await folder.until(() => {
      for (let one = socket.receive(); one !== undefined; one = socket.receive())
        if (one !== 'overrun') types.add(one.type);
      return types.has(END);
    }, 'the end of an event');
    return types;
  };
  const [whole, rest] = [await heard(all), await heard(some)];
  for (const type of [SYSCALL, EXECVE]) assert.ok(whole.has(type) && rest.has(type));
  for (const type of UNREAD) assert.ok(whole.has(type) && !rest.has(type), `${type} of ${[...whole]}, ${[...rest]}`);
  assert.equal(await end(child), 0);
});
