/** What tools/kernels.ts runs inside of a machine that it has booted: does things there, and compares what the tables report. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { BIN, DaemonFolder, end } from '../../tests/e2e/support/daemon.ts';

type Cells = Record<string, string>;

/** What is expected of this kernel, from its command line. */
const { bpf, fanotify } = process.env;
const AUDIT = ['disable_audit=false', 'audit_allow_config', 'audit_allow_sockets', 'audit_allow_unix'].concat(
  ...['audit_allow_fim_events', 'audit_allow_failed_socket_events'],
);
const MARK = 'osquery-kernels';
/** What is heard is looked at here, not what hearing costs: a machine without KVM is slow. */
const UNLIMITED = '--watchdog_level=-1';
/** Beyond a page, and beyond what eBPF captures. */
const [LONG, TOO_LONG] = ['y'.repeat(9000), 'z'.repeat(20_000)];

const rowsOf = (folder: DaemonFolder, name: string) =>
  folder
    .lines('osqueryd.results.log')
    .filter((line) => line['name'] === name)
    .map(({ columns }) => columns as Cells);
/** The lines of the status log that are no INFO, without place and time. */
const complaints = (folder: DaemonFolder) =>
  folder.status.split('\n').flatMap((line) => /^([WE])\S+ \S+ +\S+ \S+\] (.*)/.exec(line)?.slice(1).join(' ') ?? []);

/** Programs that are started: what the tables must report of each. */
function startPrograms(): { readonly pid: number; readonly cmdline: string; readonly whole: boolean }[] {
  const many = Array.from({ length: 25 }, (_, i) => `argument ${i}`);
  const started = [[], ['two words', 'ü', ''], many, [LONG], [TOO_LONG]].map((given) => {
    const args = [MARK, ...given];
    const { pid, status } = spawnSync('/bin/echo', args, { cwd: '/usr' });
    assert.equal(status, 0);
    return { pid, cmdline: ['/bin/echo', ...args].join(' '), whole: given[0] !== TOO_LONG };
  });
  spawnSync(`/nonexistent/${MARK}`, [MARK]);
  return started;
}

/** Connections that are made: what the tables must report of them. */
async function makeConnections(folder: DaemonFolder): Promise<{ name: string; from: number; to: number }[]> {
  const made: { name: string; from: number; to: number }[] = [];
  for (const name of ['127.0.0.1', '::1', folder.at('socket')]) {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    const isUnix = name.startsWith('/');
    await once(isUnix ? server.listen(name) : server.listen(0, name), 'listening');
    const to = isUnix ? 0 : (server.address() as AddressInfo).port;
    const client = isUnix ? connect(name) : connect(to, name);
    await once(client, 'connect');
    made.push({ name, from: client.localPort ?? 0, to });
    client.destroy();
    server.close();
    await once(server, 'close');
  }
  const udp = createSocket('udp4');
  udp.connect(53, '127.0.0.1');
  await once(udp, 'connect');
  udp.close();
  const refused = connect(1, '127.0.0.1');
  await once(refused, 'error').then(([cause]) => assert.equal(cause.code, 'ECONNREFUSED'));
  return made;
}

async function bpfEvents(): Promise<string> {
  using folder = new DaemonFolder();
  const group = `/sys/fs/cgroup/${MARK}`;
  const hasGroups = existsSync('/sys/fs/cgroup/cgroup.procs');
  if (hasGroups) mkdirSync(group);
  folder.configure({
    schedule: {
      execs: { query: `select * from bpf_process_events where cmdline like '%${MARK}%'`, interval: 1 },
      sockets: { query: `select * from bpf_socket_events where pid = ${process.pid}`, interval: 1 },
      ready: { query: 'select * from osquery_events', interval: 1, snapshot: true },
    },
  });
  const child = folder.start('--enable_bpf_events', UNLIMITED);
  await folder.until(() => folder.lines('osqueryd.snapshots.log')[1], 'a run');
  const told = complaints(folder);
  if (bpf !== 'true') {
    assert.equal(await end(child), 0);
    assert.deepEqual(complaints(folder), told);
    assert.equal(told.length, 1);
    assert.match(told[0]!, /^E BPFEventPublisher: events of eBPF need /);
    return told[0]!.slice(2);
  }
  const programs = startPrograms();
  if (hasGroups) spawnSync('/bin/sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec /bin/true ${MARK}`]);
  const connections = await makeConnections(folder);
  const sockets = (syscall: string) => rowsOf(folder, 'sockets').filter((row) => row['syscall'] === syscall);
  await folder.until(() => sockets('connect').some((row) => row['remote_port'] === '1'), 'the last connection');
  await folder.until(() => rowsOf(folder, 'execs').length >= programs.length, 'the last program');
  const events = folder.lines('osqueryd.snapshots.log').at(-1)!['snapshot'] as Cells[];
  assert.equal(await end(child), 0);
  assert.deepEqual(complaints(folder), []);

  const execs = rowsOf(folder, 'execs');
  for (const { pid, cmdline, whole } of programs) {
    const found = execs.filter((row) => row['pid'] === String(pid));
    assert.equal(found.length, 1, `one row of ${cmdline.slice(0, 60)}`);
    const { path, cwd, parent, uid, gid, exit_code, tid, probe_error, ...row } = found[0]!;
    const common = ['/bin/busybox', '/usr', String(process.pid), '0', '0', '0', String(pid)];
    assert.deepEqual([path, cwd, parent, uid, gid, exit_code, tid], common);
    assert.equal(probe_error, whole ? '0' : '1');
    assert.ok(whole ? row['cmdline'] === cmdline : cmdline.startsWith(row['cmdline']!), row['cmdline']);
    for (const name of ['duration', 'cid'])
      assert.ok(Number(row[name]) > 0, `${name} of ${JSON.stringify(row).slice(0, 500)}`);
  }
  if (hasGroups) {
    const [grouped] = execs.filter((row) => row['cmdline'] === `/bin/true ${MARK}`);
    assert.equal(grouped!['cid'], String(statSync(group).ino), 'its cgroup');
    rmdirSync(group);
  }
  assert.equal(execs.length, programs.length + Number(hasGroups) * 2, 'nothing else');

  for (const { name, from, to } of connections) {
    const remote = sockets('connect').find(
      (row) => row['remote_address'] === name && row['remote_port'] === String(to),
    );
    assert.ok(remote, `connect to ${name}`);
    assert.deepEqual([remote['path'], remote['family']], ['/bin/node', to === 0 ? '1' : name === '::1' ? '10' : '2']);
    if (to === 0) continue;
    assert.deepEqual([remote['local_address'], remote['local_port'], remote['protocol']], [name, String(from), '6']);
    const isServers = (row: Cells) => row['local_address'] === name && row['local_port'] === String(to);
    const accepted = sockets('accept').find((row) => isServers(row) && Number(row['exit_code']) >= 0);
    assert.deepEqual([accepted?.['remote_address'], accepted?.['remote_port']], [name, String(from)], 'accept');
    for (const call of ['bind', 'listen']) assert.equal(sockets(call).filter(isServers).length, 1, call);
  }
  const udp = sockets('connect').find((row) => row['remote_port'] === '53');
  assert.deepEqual([udp?.['protocol'], udp?.['type'], udp?.['exit_code']], ['17', '2', '0'], 'UDP');
  for (const { name, active, drops } of events.filter((row) => /bpf/i.test(row['name']!))) {
    assert.deepEqual([active, drops ?? '{}'], ['1', '{}'], name);
  }
  return 'good';
}

async function auditEvents(): Promise<string> {
  using folder = new DaemonFolder();
  folder.configure({
    schedule: {
      execs: { query: `select * from process_events where cmdline like '%${MARK}%'`, interval: 1 },
      sockets: { query: `select *, socket, success from socket_events where pid = ${process.pid}`, interval: 1 },
      files: { query: 'select * from process_file_events', interval: 1 },
    },
    file_paths: { watched: [`${folder.at('watched')}/%%`] },
  });
  const child = folder.start(UNLIMITED, ...AUDIT.map((flag) => `--${flag}`));
  await folder.untilStatus(/started, is the audit daemon/);
  const programs = startPrograms();
  const connections = await makeConnections(folder);
  const done = changeFiles(folder);
  const sockets = (action: string) => rowsOf(folder, 'sockets').filter((row) => row['action'] === action);
  await folder.until(() => rowsOf(folder, 'files').some((row) => row['operation'] === 'unlink'), 'the last file');
  await folder.until(() => sockets('connect').some((row) => row['remote_port'] === '1'), 'the last connection');
  await folder.until(() => rowsOf(folder, 'execs').length >= programs.length, 'the last program');
  assert.equal(await end(child), 0);
  assert.deepEqual(complaints(folder), []);

  const execs = rowsOf(folder, 'execs');
  for (const { pid, cmdline } of programs) {
    const found = execs.filter((row) => row['pid'] === String(pid));
    assert.equal(found.length, 1, `one row of ${cmdline.slice(0, 60)}`);
    const { path, cwd, parent, uid, syscall } = found[0]!;
    assert.deepEqual([path, cwd, parent, uid, syscall], ['/bin/busybox', '/usr', String(process.pid), '0', 'execve']);
    assert.equal(found[0]!['cmdline'], cmdline);
  }
  assert.equal(execs.length, programs.length, 'nothing else');
  for (const { name, to } of connections) {
    const named = (row: Cells) => row['socket'] === name || row['remote_address'] === name;
    const made = sockets('connect').find((row) => named(row) && row['remote_port'] === String(to));
    assert.equal(made?.['path'], '/bin/node', `connect to ${name}`);
    assert.match(made['status']!, /^(succeeded|in_progress)$/);
  }
  // Node does not ask who has connected, so that no address is in the records of them.
  const accepted = rowsOf(folder, 'sockets').filter((row) => /^accept/.test(row['action']!));
  assert.ok(accepted.length >= connections.length, `${accepted.length} accepted`);
  assert.ok(
    sockets('connect').some((row) => row['remote_port'] === '53'),
    'UDP',
  );
  const operations = rowsOf(folder, 'files').map((row) => `${row['operation']} ${row['path']}`);
  for (const expected of done.audit) assert.ok(operations.includes(expected), `${expected} of ${operations}`);
  return 'good';
}

/** What is done to files, and what is to be told of it. */
function changeFiles(folder: DaemonFolder) {
  const [a, b, c, below] = ['a', 'b', 'c', 'below'].map((name) => join(folder.at('watched'), name)) as [
    ...[string, string, string, string],
  ];
  writeFileSync(a, 'first');
  renameSync(a, b);
  appendFileSync(b, ' second');
  writeFileSync(c, 'stays');
  mkdirSync(below);
  rmSync(b);
  return {
    files: [`CREATED ${a}`, `MOVED_FROM ${a}`, `MOVED_TO ${b}`, `CREATED ${c}`, `CREATED ${below}`, `DELETED ${b}`],
    // To make a file and empty it is one call, `open+truncate`.
    audit: ['open+truncate', 'write', 'rename']
      .map((done) => `${done} ${a}`)
      .concat(`write ${b}`, `open+truncate ${c}`, `mkdir ${below}`, `unlink ${b}`),
    stays: c,
  };
}

async function fileEvents(): Promise<string> {
  using folder = new DaemonFolder();
  folder.configure({
    schedule: {
      files: { query: 'select *, pid from file_events', interval: 1 },
      ready: { query: 'select 1 from osquery_events', interval: 1, snapshot: true },
    },
    file_paths: { watched: [`${folder.at('watched')}/%%`] },
  });
  const child = folder.start('--enable_file_events', UNLIMITED);
  await folder.untilStatus(/inotify: started/);
  await folder.until(() => folder.lines('osqueryd.snapshots.log')[1], 'two runs');
  const { files, stays } = changeFiles(folder);
  const rows = () => rowsOf(folder, 'files');
  // Fanotify puts what it says of one name together: that one is deleted may come before another is made.
  const isTold = (text: string) => rows().some((row) => `${row['action']} ${row['target_path']}` === text);
  await folder.until(() => files.every(isTold), 'all changes');
  assert.equal(await end(child), 0);
  assert.deepEqual(complaints(folder), []);
  const told = rows().map((row) => `${row['action']} ${row['target_path']}`);
  // In any order: fanotify puts what it says of one name together.
  const changes = told.filter((text) => !/^(UPDATED|ATTRIBUTES)/.test(text));
  assert.deepEqual(changes.sort(), files.sort());
  const sha256 = createHash('sha256').update('stays').digest('hex');
  assert.ok(
    rows().some((row) => row['target_path'] === stays && row['sha256'] === sha256),
    'its digest',
  );
  const source = /whole file systems with fanotify$/m.test(folder.status) ? 'fanotify' : 'inotify';
  const pids = new Set(rows().map((row) => row['pid']));
  assert.deepEqual([...pids], [source === 'fanotify' ? String(process.pid) : ''], 'who did it');
  assert.equal(source, fanotify === 'true' ? 'fanotify' : 'inotify');
  return source;
}

/** All of each table, asked of one shell: it goes on after an error. */
function tables(): string {
  const shell = (input: string) => {
    const options = { input, encoding: 'utf8', maxBuffer: 2 ** 28 } as const;
    return spawnSync(process.execPath, [join(BIN, 'osqueryi.js'), '--json'], options);
  };
  const { stdout } = shell("select name from osquery_registry where registry = 'table';");
  const names = (JSON.parse(stdout) as Cells[]).map(({ name }) => name!);
  const { status, stdout: answers, stderr } = shell(names.map((name) => `select * from ${name};\n`).join(''));
  assert.ok(status === 0 || status === 1, `ended with ${status}`);
  assert.doesNotMatch(stderr, /^\s+at /m);
  const errors = [...stderr.matchAll(/^Error: near line (\d+): (.*)/gm)].filter(
    ([, , text]) => !/required column/.test(text!),
  );
  assert.deepEqual(
    errors.map(([, line, text]) => `${names[Number(line) - 1]}: ${text}`),
    [],
  );
  assert.equal(answers.match(/^\]$/gm)?.length, names.length, 'an answer of each');
  return `${names.length} good`;
}

const results: Record<string, string> = {};
for (const [name, check] of Object.entries({ bpf: bpfEvents, audit: auditEvents, files: fileEvents, tables })) {
  try {
    results[name] = await check();
  } catch (cause) {
    console.log((cause as Error).stack);
    results[name] = `FAIL ${(cause as Error).message.split('\n', 1)[0]}`;
  }
}
console.log(`results: ${JSON.stringify(results)}`);
