/** Processes, their files, pipes and sockets, held against what this test made and what ps and ss say of it. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, asRoot, needs, run } from './support/ask.ts';

describe('a process', () => {
  let folder = '';
  let child: ChildProcess;
  const row = (columns: string) => ask(`select ${columns} from processes where pid = ${child.pid}`)[0]!;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'osquery-processes-'));
    const program = join(folder, 'a b) (c');
    copyFileSync('/bin/sleep', program);
    child = spawn(program, ['300', '--', 'two words', ''].slice(0, 1), {
      cwd: folder,
      env: { ONE: '1', EMPTY: '', EQUALS: 'a=b' },
      argv0: 'other name',
    });
    await once(child, 'spawn');
    // Until exec is done /proc shows the copy of this program.
    while (!readFileSync(`/proc/${child.pid}/comm`, 'utf8').startsWith('a b')) await new Promise(setImmediate);
  });
  after(() => {
    child.kill();
    rmSync(folder, { recursive: true });
  });

  test('as ps shows it', { skip: needs('ps') }, () => {
    const format = 'pid=,ppid=,pgid=,ruid=,euid=,suid=,rgid=,egid=,sgid=,nlwp=,ni=,stat=,comm=';
    const [pid, parent, pgroup, uid, euid, suid, gid, egid, sgid, threads, nice, state, ...name] = run(
      'ps',
      '-o',
      format,
      '-p',
      String(child.pid),
    )
      .trim()
      .split(/\s+/);
    assert.deepEqual(row('pid, parent, pgroup, uid, euid, suid, gid, egid, sgid, threads, nice, state, name'), {
      pid,
      parent,
      pgroup,
      uid,
      euid,
      suid,
      gid,
      egid,
      sgid,
      threads,
      nice,
      state: state![0],
      name: name.join(' '),
    });
    const [size, resident] = run('ps', '-o', 'vsz=,rss=', '-p', String(child.pid)).trim().split(/\s+/).map(Number);
    assert.deepEqual(row('total_size, resident_size'), {
      total_size: String(size! * 1024),
      resident_size: String(resident! * 1024),
    });
    const started = Date.parse(run('ps', '-o', 'lstart=', '-p', String(child.pid)).trim()) / 1000;
    assert.ok(Math.abs(Number(row('start_time')['start_time']) - started) <= 1);
  });

  test('where it is and how it was called', () => {
    const program = join(folder, 'a b) (c');
    assert.deepEqual(row('path, cmdline, cwd, root, on_disk'), {
      path: program,
      cmdline: 'other name 300',
      cwd: folder,
      root: '/',
      on_disk: '1',
    });
    const cgroup = /^[^:]*:[^:]*:(.*)/.exec(readFileSync(`/proc/${child.pid}/cgroup`, 'utf8'))![1];
    assert.equal(row('cgroup_path')['cgroup_path'], cgroup);
  });

  test('its environment', () => {
    assert.deepEqual(ask(`select key, value from process_envs where pid = ${child.pid} order by key`), [
      { key: 'EMPTY', value: '' },
      { key: 'EQUALS', value: 'a=b' },
      { key: 'ONE', value: '1' },
    ]);
  });

  test('its memory', () => {
    const lines = readFileSync(`/proc/${child.pid}/maps`, 'utf8').trim().split('\n');
    const rows = ask(`select start, permissions, path, pseudo from process_memory_map where pid = ${child.pid}`);
    assert.equal(rows.length, lines.length);
    assert.ok(rows.some(({ path, permissions }) => path === join(folder, 'a b) (c') && permissions === 'r-xp'));
    assert.ok(rows.some(({ path, pseudo }) => path === '[stack]' && pseudo === '1'));
  });

  test('its namespaces', () => {
    const [{ n }] = ask(`select mnt_namespace n from process_namespaces where pid = ${child.pid}`) as [{ n: string }];
    assert.equal(`mnt:[${n}]`, execFileSync('readlink', [`/proc/${child.pid}/ns/mnt`], { encoding: 'utf8' }).trim());
  });

  test('of which a thread is none, whoever asks for it', () => {
    // This program has threads.
    const threads = readdirSync(`/proc/${process.pid}/task`).filter((name) => name !== String(process.pid));
    assert.ok(threads.length > 0);
    const list = [process.pid, ...threads].join(', ');
    for (const table of ['processes', 'process_envs', 'process_namespaces', 'process_open_files']) {
      const pids = ask(`select distinct pid from ${table} where pid in (${list})`);
      assert.deepEqual(pids, [{ pid: String(process.pid) }], table);
    }
  });

  test('whose program was deleted', () => {
    unlinkSync(join(folder, 'a b) (c'));
    assert.deepEqual(row('path, on_disk'), { path: join(folder, 'a b) (c'), on_disk: '0' });
    writeFileSync(join(folder, 'a b) (c (deleted)'), 'another file of that name');
    assert.equal(row('on_disk')['on_disk'], '0');
  });
});

test('nobody sees all processes, and of others only what everybody may see', { skip: asRoot }, () => {
  const [init] = ask('select name, state, uid, path, on_disk, disk_bytes_read d from processes where pid = 1', {
    nobody: true,
  });
  const name = readFileSync('/proc/1/comm', 'utf8').trim();
  assert.deepEqual(init, { name, state: 'S', uid: '0', path: '', on_disk: '-1', d: '' });
});

test('open files and pipes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-open-'));
  const path = join(folder, 'open file');
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const fds = [openSync(path, 'w'), openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)];
  fds.push(openSync(pipe, 'r'));
  try {
    assert.deepEqual(
      ask(`select fd, path from process_open_files where pid = ${process.pid} and path like '${folder}/%' order by fd`),
      [
        { fd: String(fds[0]), path },
        { fd: String(fds[1]), path: pipe },
        { fd: String(fds[2]), path: pipe },
      ],
    );
    const type = 'named';
    assert.deepEqual(
      ask(
        `select fd, mode, type, partner_pid p, partner_fd f, partner_mode m from process_open_pipes where pid = ${process.pid} and fd in (${fds.join()}) order by fd`,
      ),
      [
        { fd: String(fds[1]), mode: 'rw', type, p: String(process.pid), f: String(fds[2]), m: 'r' },
        { fd: String(fds[2]), mode: 'r', type, p: String(process.pid), f: String(fds[1]), m: 'rw' },
      ],
    );
  } finally {
    fds.forEach(closeSync);
    rmSync(folder, { recursive: true });
  }
});

describe('sockets', () => {
  const servers: Server[] = [];
  const udp = createSocket('udp6');
  let folder = '';
  const port = (server: Server) => (server.address() as { port: number }).port;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'osquery-sockets-'));
    for (const where of [
      { port: 0, host: '127.0.0.1' },
      { port: 0, host: '::1' },
      { path: join(folder, 'a socket') },
      { path: `\0osquery-test-${process.pid}` },
    ]) {
      const server = createServer().listen(where);
      servers.push(server);
      await once(server, 'listening');
    }
    udp.bind(0, '::1');
    await once(udp, 'listening');
  });
  after(() => {
    for (const server of servers) server.close();
    udp.close();
    rmSync(folder, { recursive: true });
  });

  test('that listen', () => {
    const [four, six] = servers as [Server, Server];
    assert.deepEqual(
      ask(
        `select port, protocol, family, address, path from listening_ports where pid = ${process.pid} order by protocol, family, path`,
      ),
      [
        { port: '0', protocol: '0', family: '1', address: '', path: join(folder, 'a socket') },
        { port: '0', protocol: '0', family: '1', address: '', path: `@osquery-test-${process.pid}` },
        { port: String(port(four)), protocol: '6', family: '2', address: '127.0.0.1', path: '' },
        { port: String(port(six)), protocol: '6', family: '10', address: '::1', path: '' },
        { port: String(udp.address().port), protocol: '17', family: '10', address: '::1', path: '' },
      ].sort(
        (a, b) =>
          Number(a.protocol) - Number(b.protocol) || Number(a.family) - Number(b.family) || (a.path < b.path ? -1 : 1),
      ),
    );
  });

  test('connected, both ends, as ss shows them', { skip: needs('ss') }, async () => {
    const [server] = servers as [Server];
    const client = spawn(process.execPath, [
      '-e',
      `require('net').connect(${port(server)}, '127.0.0.1').on('connect', () => console.log('up'))`,
    ]);
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(client.stdout, 'data')]);
    try {
      const rows = ask(
        `select pid, family, protocol, local_address, local_port, remote_address, remote_port, state from process_open_sockets where pid in (${process.pid}, ${client.pid}) and state = 'ESTABLISHED' order by pid = ${client.pid}`,
      );
      const same = {
        family: '2',
        protocol: '6',
        local_address: '127.0.0.1',
        remote_address: '127.0.0.1',
        state: 'ESTABLISHED',
      };
      const [near, far] = [String(port(server)), String(accepted.remotePort)];
      assert.deepEqual(rows, [
        { ...same, pid: String(process.pid), local_port: near, remote_port: far },
        { ...same, pid: String(client.pid), local_port: far, remote_port: near },
      ]);
      const lines = run('ss', '-Htn', 'state', 'established', 'sport', '=', `:${far}`).trim().split('\n');
      assert.equal(lines.length, 1);
    } finally {
      accepted.destroy();
      client.kill();
    }
  });

  test('a socket that two processes hold has a row for each', async () => {
    const heir = spawn('sleep', ['300'], {
      stdio: ['ignore', 'ignore', 'ignore', (servers[0] as unknown as { _handle: never })._handle],
    });
    try {
      await once(heir, 'spawn');
      const holders = ask(
        `select pid from listening_ports where port = ${port(servers[0]!)} and protocol = 6 and family = 2 order by pid`,
      );
      assert.deepEqual(
        holders.map(({ pid }) => Number(pid)),
        [process.pid, heir.pid!].sort((a, b) => a - b),
      );
    } finally {
      heir.kill();
    }
  });

  test('in another network namespace', { skip: asRoot || needs('unshare', 'ip', 'python3') }, async () => {
    const script =
      "import socket,sys\ns=socket.socket()\ns.bind(('127.0.0.9',4321))\ns.listen()\nprint('up',flush=True)\nsys.stdin.read()";
    const child = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && exec python3 -c "$0"', script]);
    try {
      await once(child.stdout, 'data');
      const [row] = ask(
        "select l.pid, n.net_namespace = l.net_namespace as same from listening_ports l join process_namespaces n using (pid) where l.port = 4321 and l.address = '127.0.0.9'",
      );
      assert.deepEqual(row, { pid: String(child.pid), same: '1' });
    } finally {
      child.kill();
    }
  });

  test('as many of each kind as ss counts', { skip: asRoot || needs('ss') }, () => {
    for (const [flag, family] of [
      ['-Hxa', 1],
      ['-Hta4', 2],
      ['-Hua6', 10],
    ] as const) {
      const protocol = flag.includes('x') ? '0' : flag.includes('t') ? '6' : '17';
      // Connections come and go on a busy machine: what is between two counts is right.
      const count = () => run('ss', flag, 'state', 'all').trim().split('\n').filter(Boolean).length;
      const earlier = count();
      const ours = Number(
        ask(
          `select count(distinct socket || local_port || remote_port) n from process_open_sockets where family = ${family} and protocol = ${protocol}`,
        )[0]!['n'],
      );
      const later = count();
      assert.ok(
        ours >= Math.min(earlier, later) - 2 && ours <= Math.max(earlier, later) + 2,
        `${flag}: ${earlier} ${ours} ${later}`,
      );
    }
  });
});

test('shared memory', { skip: needs('ipcmk', 'ipcrm') }, () => {
  const id = /\d+/.exec(run('ipcmk', '-M', '12345', '-p', '0640'))![0];
  try {
    const [row] = ask(
      `select size, permissions, attached, status, locked, owner_uid u from shared_memory where shmid = ${id}`,
    );
    assert.deepEqual(row, {
      size: '12345',
      permissions: '0640',
      attached: '0',
      status: '',
      locked: '0',
      u: String(process.getuid!()),
    });
  } finally {
    run('ipcrm', '-m', id);
  }
});
