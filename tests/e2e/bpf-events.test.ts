/** Programs and sockets while the daemon listens with eBPF, event by event. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';

/** Where the hierarchy of cgroups may be mounted. */
const CGROUPS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

type Cells = Record<string, string>;

/** Whether eBPF can be used; else the test is skipped, and says why. */
function canHear(t: TestContext): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const reasons = [
    process.getuid!() !== 0 && 'eBPF needs root',
    !existsSync('/sys/kernel/btf/vmlinux') && 'this kernel has no BTF',
    major * 100 + minor < 508 && 'this kernel is older than 5.8',
  ].filter((reason) => reason !== false);
  if (reasons.length > 0) t.skip(reasons.join(', '));
  return reasons.length === 0;
}

const seen = (folder: DaemonFolder, name: string) =>
  folder
    .lines('osqueryd.results.log')
    .filter((line) => line['name'] === name)
    .map(({ columns }) => columns as Cells);

test('each program once, over a restart', async (t) => {
  if (!canHear(t)) return;
  using folder = new DaemonFolder();
  const mark = `osquery-bpf-${process.pid}`;
  const columns =
    'pid, tid, parent, uid, gid, cid, exit_code, probe_error, syscall, path, cwd, cmdline, duration, json_cmdline, ntime';
  folder.configure({
    schedule: {
      execs: { query: `select ${columns} from bpf_process_events where cmdline like '%${mark}%'`, interval: 1 },
      sources: {
        query: "select name, active from osquery_events where publisher = 'BPFEventPublisher'",
        interval: 1,
        snapshot: true,
      },
    },
  });
  const found = () => seen(folder, 'execs');
  const run = (from: number, to: number) => {
    for (let i = from; i < to; i++) spawnSync('/bin/echo', [mark, String(i), 'two words', 'ü'], { cwd: '/usr' });
  };
  const first = folder.start();
  await folder.until(() => folder.lines('osqueryd.snapshots.log')[0], 'a run');
  assert.deepEqual(folder.lines('osqueryd.snapshots.log')[0]!['snapshot'], [
    { active: '1', name: 'BPFEventPublisher' },
    { active: '1', name: 'bpf_process_events' },
  ]);
  run(0, 100);
  await folder.until(() => found().length >= 100, 'a hundred programs');
  assert.equal(await end(first), 0);
  const second = folder.start();
  await folder.until(() => folder.lines('osqueryd.snapshots.log').length > 3, 'a run of the second one');
  const many = Array.from({ length: 1000 }, (_, i) => `argument-${i}`);
  // Beyond what is captured of arguments.
  const huge = [mark, ...Array.from({ length: 3000 }, (_, i) => `argument-${i}`)];
  const runs = folder.lines('osqueryd.snapshots.log').length;
  await folder.until(() => folder.lines('osqueryd.snapshots.log').length > runs + 1, 'two runs');
  run(100, 150);
  spawnSync('/bin/true', [mark, ...many]);
  spawnSync('/bin/true', huge);
  spawnSync(`/nonexistent/${mark}`, [mark]);
  await folder.until(() => found().length >= 152, 'the others');
  assert.equal(await end(second), 0);
  assert.deepEqual(
    found()
      .slice(0, 150)
      .map(({ cmdline }) => cmdline),
    Array.from({ length: 150 }, (_, i) => `/bin/echo ${mark} ${i} two words ü`),
  );
  const [echo] = found();
  assert.deepEqual(JSON.parse(echo!['json_cmdline']!), ['/bin/echo', mark, '0', 'two words', 'ü']);
  const { cwd, parent, syscall, uid, exit_code, probe_error } = echo!;
  assert.deepEqual(
    [cwd, parent, syscall, uid, exit_code, probe_error],
    ['/usr', String(process.pid), 'exec', '0', '0', '0'],
  );
  assert.match(echo!['path']!, /^\/(usr\/)?bin\/[a-z]+$/);
  assert.equal(echo!['pid'], echo!['tid']);
  assert.ok(Number(echo!['duration']) > 0 && Number(echo!['ntime']) > 0);
  const [all, cut] = found().slice(150);
  assert.deepEqual([all!['cmdline'], all!['probe_error']], [['/bin/true', mark, ...many].join(' '), '0']);
  assert.equal(cut!['probe_error'], '1');
  assert.ok(cut!['cmdline']!.length > 16_000 && ['/bin/true', ...huge].join(' ').startsWith(cut!['cmdline']!));
});

test('what finds no room is counted, to the event, while a query reads', async (t) => {
  if (!canHear(t)) return;
  using folder = new DaemonFolder();
  const counts = "select events, unseen, drops from osquery_events where name = 'bpf_process_events'";
  folder.configure({
    // Only through it is the table named: as a text it is no name.
    views: { programs: 'select * from bpf_process_events' },
    schedule: {
      // Less often than room is made, each two seconds.
      programs: { query: 'select count(*) as n from programs', interval: 3 },
      counts: { query: counts, interval: 1, snapshot: true },
    },
  });
  const child = folder.start('--events_max=100');
  const snapshots = () =>
    folder.lines('osqueryd.snapshots.log').flatMap((line) => line['snapshot'] as Record<string, string>[]);
  await folder.until(() => snapshots()[0], 'a run');
  let made = 0;
  const unseen = () => Number(snapshots().at(-1)!['unseen']);
  // A query may have read just before room is made: then none was lost.
  for (let round = 0; round < 20 && (round < 2 || unseen() === 0); round++) {
    spawnSync('/bin/sh', ['-c', 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i + 1)); done']);
    made += 1000;
  }
  const settled = () => {
    const [before, last] = snapshots().slice(-2);
    const heard = seen(folder, 'programs').reduce((sum, { n }) => sum + Number(n), 0);
    return last?.['events'] === before?.['events'] && Number(last?.['events']) === heard + Number(last?.['unseen']);
  };
  await folder.until(settled, 'every program to be seen or counted');
  const last = snapshots().at(-1)!;
  assert.ok(Number(last['events']) >= made, JSON.stringify(last));
  assert.ok(Number(last['unseen']) > 0, JSON.stringify(last));
  assert.match(folder.status, /bpf_process_events: \d+ events dropped that a scheduled query was yet to see/);
  assert.equal(await end(child), 0);
});

test('the cgroup of a program is that of its container', async (t) => {
  if (!canHear(t)) return;
  const root = CGROUPS.find((path) => existsSync(`${path}/cgroup.procs`) && existsSync(`${path}/cgroup.controllers`));
  if (root === undefined) return t.skip('no cgroup2 is mounted');
  using folder = new DaemonFolder();
  const group = join(root, `osquery-bpf-${process.pid}`);
  mkdirSync(group);
  t.after(() => rmdirSync(group));
  folder.configure({
    schedule: {
      execs: { query: `select cid, cwd from bpf_process_events where cmdline = 'true ${group}'`, interval: 1 },
      ready: { query: 'select 1 from osquery_events', interval: 1, snapshot: true },
    },
  });
  const child = folder.start();
  await folder.until(() => folder.lines('osqueryd.snapshots.log')[0], 'a run');
  spawnSync('/bin/sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec true ${group}`], { cwd: '/' });
  const [found] = await folder.until(
    () => (seen(folder, 'execs').length > 0 ? seen(folder, 'execs') : undefined),
    'it',
  );
  assert.deepEqual(found, { cid: String(statSync(group).ino), cwd: '/' });
  assert.equal(await end(child), 0);
});

test('each call of sockets once', async (t) => {
  if (!canHear(t)) return;
  using folder = new DaemonFolder();
  const paths = mkdtempSync(join(tmpdir(), 'osquery-bpf-'));
  t.after(() => rmSync(paths, { recursive: true }));
  const columns = `pid, syscall, exit_code, family, type, protocol, local_address, local_port, remote_address, remote_port,
    path, uid, probe_error`;
  folder.configure({
    schedule: {
      sockets: { query: `select ${columns} from bpf_socket_events where pid = ${process.pid}`, interval: 1 },
      ready: { query: 'select 1 from osquery_events', interval: 1, snapshot: true },
    },
  });
  const child = folder.start();
  await folder.until(() => folder.lines('osqueryd.snapshots.log')[0], 'a run');
  const accepted: Socket[] = [];
  const server = await listening((it) => it.listen(0, '127.0.0.1'), accepted);
  const { port } = server.address() as { port: number };
  const clients: number[] = [];
  for (let i = 0; i < 50; i++) {
    const client = await connected(connect(port, '127.0.0.1'));
    clients.push(client.localPort!);
    client.destroy();
  }
  const six = await listening((it) => it.listen(0, '::1'), accepted);
  const sixPort = (six.address() as { port: number }).port;
  (await connected(connect(sixPort, '::1'))).destroy();
  const path = join(paths, 'socket');
  const local = await listening((it) => it.listen(path), accepted);
  (await connected(connect(path))).destroy();
  for (const it of [server, six, local]) it.close();
  await refused(port);
  const found = () => seen(folder, 'sockets');
  const of = (syscall: string, test: (cells: Cells) => boolean) =>
    found().filter((cells) => cells['syscall'] === syscall && test(cells));
  const tcp = (cells: Cells) => cells['family'] === '2';
  await folder.until(() => of('connect', tcp).length >= 51, 'all');
  assert.equal(await end(child), 0);
  assert.deepEqual(
    of('connect', tcp).map((cells) => `${cells['local_port']} ${cells['remote_address']} ${cells['remote_port']}`),
    [...clients.map((client) => `${client} 127.0.0.1 ${port}`), `0 127.0.0.1 ${port}`].map((text, i) =>
      // Of a connection that was refused the local end is the last one it had.
      i === 50 ? `${of('connect', tcp)[50]!['local_port']} 127.0.0.1 ${port}` : text,
    ),
  );
  assert.deepEqual(
    of('accept', (cells) => tcp(cells) && Number(cells['exit_code']) >= 0).map((cells) => Number(cells['remote_port'])),
    clients,
  );
  const [bound] = of('bind', tcp);
  const { local_address, local_port, type, protocol, exit_code, uid, probe_error } = bound!;
  assert.deepEqual(
    [local_address, local_port, type, protocol, exit_code, uid, probe_error, bound!['path']],
    ['127.0.0.1', String(port), '1', '6', '0', '0', '0', process.execPath],
  );
  assert.equal(of('listen', tcp)[0]!['local_port'], String(port));
  const [inet6] = of('connect', (cells) => cells['family'] === '10');
  assert.deepEqual([inet6!['remote_address'], inet6!['remote_port']], ['::1', String(sixPort)]);
  const unix = (cells: Cells) => cells['family'] === '1';
  assert.deepEqual([of('bind', unix)[0]!['local_address'], of('connect', unix)[0]!['remote_address']], [path, path]);
});

test('what finds no room in the ring is counted, to the event', async (t) => {
  if (!canHear(t)) return;
  using folder = new DaemonFolder();
  const mark = `osquery-lost-${process.pid}`;
  folder.configure({
    schedule: {
      execs: { query: `select pid from bpf_process_events where cmdline like '%${mark}%'`, interval: 1 },
      drops: {
        query: "select json_extract(drops, '$.overrun') as n from osquery_events where name = 'BPFEventPublisher'",
        interval: 1,
        snapshot: true,
      },
    },
  });
  const child = folder.start('--disable_watchdog', '--bpf_ring_buffer_size=65536');
  await folder.until(() => folder.lines('osqueryd.snapshots.log')[0], 'a run');
  // It takes nothing out meanwhile: eight thousand bytes of arguments each are more than it has room for.
  process.kill(child.pid!, 'SIGSTOP');
  const filler = 'x'.repeat(8000);
  for (let i = 0; i < 40; i++) spawnSync('/bin/true', [mark, filler]);
  process.kill(child.pid!, 'SIGCONT');
  await folder.untilStatus(/BPFEventPublisher: \d+ lost \(overrun\)/);
  const lost = () => {
    const [row] = (folder.lines('osqueryd.snapshots.log').at(-1)?.['snapshot'] ?? []) as Cells[];
    return Number(row?.['n'] ?? 0);
  };
  // Others on the machine start programs, too.
  await folder.until(() => seen(folder, 'execs').length + lost() >= 40, 'all of them');
  assert.ok(seen(folder, 'execs').length < 10, `heard ${seen(folder, 'execs').length}`);
  assert.equal(await end(child), 0);
});

test('where it cannot be, that is said, and the daemon goes on', async (t) => {
  if (process.getuid!() !== 0) return t.skip('only root can be somebody else');
  using folder = new DaemonFolder();
  folder.configure({
    schedule: { execs: { query: 'select pid from bpf_process_events, osquery_events', interval: 1, snapshot: true } },
  });
  // Without the capabilities, as somebody without rights.
  const child = folder.startAs(65534, '--disable_watchdog');
  await folder.untilStatus(
    /BPFEventPublisher: events of eBPF need root, Linux 5\.8 or later with CONFIG_DEBUG_INFO_BTF/,
  );
  await folder.until(() => folder.lines('osqueryd.snapshots.log')[0], 'a run');
  assert.equal(await end(child), 0);
});

test('nothing is started that no query reads; a buffer that is too large is refused', async (t) => {
  if (!canHear(t)) return;
  using folder = new DaemonFolder();
  folder.configure({
    schedule: { sources: { query: 'select name from osquery_events', interval: 1, snapshot: true } },
  });
  const child = folder.start();
  const line = await folder.until(() => folder.lines('osqueryd.snapshots.log')[0], 'a run');
  assert.ok(!JSON.stringify(line).includes('BPF'));
  assert.equal(await end(child), 0);
  const asked = folder.start('--enable_bpf_events', '--bpf_ring_buffer_size=1000000000000');
  await folder.untilStatus(/bpf_ring_buffer_size: at most/);
  assert.equal(await end(asked), 0);
});

async function listening(listen: (server: Server) => Server, accepted: Socket[]): Promise<Server> {
  const server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => {}).resume();
  });
  await new Promise((resolve) => listen(server).once('listening', resolve));
  return server;
}

async function connected(socket: Socket): Promise<Socket> {
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

async function refused(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
  assert.equal(error.code, 'ECONNREFUSED');
}
