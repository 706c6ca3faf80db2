/** The running kernel, compared with what its own programs say. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Kernel } from '../../src/host/host.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { parseDatagram } from '../../src/host/linux/netlink.ts';
import { refuses } from './suite.ts';

const kernel = new LinuxHost().kernel!;

/** Of include/uapi/linux/rtnetlink.h and sock_diag.h. */
const NETLINK_ROUTE = 0;
const NETLINK_SOCK_DIAG = 4;
const RTM_GETLINK = 18;
const RTM_GETADDR = 22;
const RTM_GETROUTE = 26;
const SOCK_DIAG_BY_FAMILY = 20;

test('identity, as uname says', (t) => {
  const { sysname, node, release, version, machine } = kernel.identity();
  assert.equal(release, readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
  assert.equal(node, readFileSync('/proc/sys/kernel/hostname', 'utf8').trim());
  assert.equal(version, readFileSync('/proc/sys/kernel/version', 'utf8').trim());
  const uname = output(t, 'uname', '-s', '-m');
  if (uname !== undefined) assert.equal(`${sysname} ${machine}`, uname.trim());
});

test('constants of the machine', (t) => {
  const names = { CLK_TCK: kernel.ticksPerSecond, PAGESIZE: kernel.pageSize };
  for (const [name, value] of Object.entries(names)) {
    const said = output(t, 'getconf', name);
    if (said === undefined) return;
    assert.equal(value, Number(said));
  }
});

test('this process and the time', () => {
  assert.equal(kernel.pid, process.pid);
  assert.equal(kernel.uid, process.geteuid?.());
  const before = Date.now() / 1000;
  const now = kernel.now();
  assert.ok(before <= now && now <= Date.now() / 1000);
  assert.doesNotThrow(() => new Intl.DateTimeFormat('en', { timeZone: kernel.timeZone }));
});

test('interfaces, as ip has them', (t) => {
  const said = output(t, 'ip', '-json', 'link');
  if (said === undefined) return;
  const expected = (JSON.parse(said) as { ifindex: number }[]).map(({ ifindex }) => ifindex).sort();
  // struct ifinfomsg: the index is at 4.
  const dumped = dump(NETLINK_ROUTE, RTM_GETLINK, 16).map(({ payload }) => payload.readInt32LE(4));
  assert.deepEqual(dumped.sort(), expected);
});

test('addresses and routes, as many as ip has', (t) => {
  const addresses = output(t, 'ip', '-json', 'address');
  const routes = [
    output(t, 'ip', '-json', '-4', 'route', 'show', 'table', 'all'),
    output(t, 'ip', '-json', '-6', 'route', 'show', 'table', 'all'),
  ];
  if (addresses === undefined || routes.includes(undefined)) return;
  const count = (JSON.parse(addresses) as { addr_info: unknown[] }[]).flatMap((link) => link.addr_info).length;
  assert.equal(dump(NETLINK_ROUTE, RTM_GETADDR, 8).length, count);
  const expected = routes.map((text) => JSON.parse(text || '[]').length).reduce((a, b) => a + b);
  assert.equal(dump(NETLINK_ROUTE, RTM_GETROUTE, 12).length, expected);
});

test('unix sockets, as procfs has them', () => {
  // struct unix_diag_req: AF_UNIX, all states.
  const request = Buffer.alloc(24);
  request[0] = 1;
  request.writeUInt32LE(0xffff_ffff, 4);
  const inodes = new Set(
    [...kernel.netlinkDump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request)].map(({ payload }) =>
      payload.readUInt32LE(4),
    ),
  );
  const listening = readFileSync('/proc/net/unix', 'utf8').matchAll(/^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+)/gm);
  for (const [, inode] of listening) assert.ok(inodes.has(Number(inode)), `socket ${inode}`);
});

test('a dump that the kernel refuses is an error with its code, and leaks no descriptor', () => {
  const open = readdirSync('/proc/self/fd').length;
  refuses('EPROTONOSUPPORT', () => [...kernel.netlinkDump(99, RTM_GETLINK, Buffer.alloc(16))]);
  refuses('EINVAL', () => {
    const request = Buffer.alloc(24, 0xff);
    return [...kernel.netlinkDump(NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request)];
  });
  assert.equal(readdirSync('/proc/self/fd').length, open);
});

test('a datagram is read as far as its lengths are true', () => {
  const message = (type: number, flags: number, sequence: number, payload: Buffer, length = 16 + payload.length) => {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(length, 0);
    header.writeUInt16LE(type, 4);
    header.writeUInt16LE(flags, 6);
    header.writeUInt32LE(sequence, 8);
    return Buffer.concat([header, payload, Buffer.alloc(-payload.length & 3)]);
  };
  const errno = Buffer.alloc(4);
  errno.writeInt32LE(-13);
  const one = message(16, 2, 7, Buffer.from('abc'));
  const done = message(3, 2, 7, Buffer.alloc(4));
  assert.deepEqual(parseDatagram(Buffer.concat([one, message(16, 2, 8, Buffer.from('other')), one, done]), 7), {
    messages: [
      { type: 16, payload: Buffer.from('abc') },
      { type: 16, payload: Buffer.from('abc') },
    ],
    done: true,
    interrupted: false,
    error: 0,
  });
  assert.equal(parseDatagram(message(2, 0, 7, errno), 7).error, 13);
  assert.equal(parseDatagram(message(3, 2, 7, errno), 7).error, 13);
  assert.equal(parseDatagram(message(16, 0x12, 7, Buffer.alloc(0)), 7).interrupted, true);
  for (const length of [0, 15, 17, 0xffff_ffff]) {
    const { messages, done } = parseDatagram(message(16, 2, 7, Buffer.alloc(0), length), 7);
    assert.deepEqual({ messages, done }, { messages: [], done: false });
  }
  for (let cut = 0; cut < one.length; cut++)
    assert.deepEqual(parseDatagram(one.subarray(0, cut), 7).messages.length, cut < 19 ? 0 : 1);
});

test('file systems, as df has them', (t) => {
  const said = output(t, 'df', '-B1', '--output=size,itotal', '/');
  const stat = kernel.fileSystem('/')!;
  if (said !== undefined) {
    const [size, inodes] = said.trim().split('\n')[1]!.trim().split(/\s+/).map(Number);
    assert.deepEqual([stat.blocks * stat.blockSize, stat.inodes], [size, inodes]);
  }
  assert.equal(kernel.fileSystem('/nothing'), undefined);
});

test('cpuid, as /proc/cpuinfo has it', (t) => {
  const registers = kernel.cpuid(0, 0);
  if (registers === undefined) return t.skip('no CPUID here');
  const { ebx, ecx, edx } = registers;
  const vendor = Buffer.from(new Uint32Array([ebx, edx, ecx]).buffer).toString('latin1');
  assert.equal(vendor, /^vendor_id\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]);
});

test('accounts and groups, as getent has them', (t) => {
  const passwd = output(t, 'getent', 'passwd');
  const group = output(t, 'getent', 'group');
  if (passwd === undefined || group === undefined) return;
  const accounts = [...kernel.accounts()].map((a) => `${a.name}:${a.uid}:${a.gid}:${a.gecos}:${a.home}:${a.shell}`);
  assert.deepEqual(
    accounts,
    passwd
      .trim()
      .split('\n')
      .map((line) => line.replace(/^([^:]*):[^:]*/, '$1')),
  );
  const groups = [...kernel.groups()].map((g) => `${g.name}:${g.gid}:${g.members.join(',')}`);
  assert.deepEqual(
    groups,
    group
      .trim()
      .split('\n')
      .map((line) => line.replace(/^([^:]*):[^:]*/, '$1')),
  );
});

test('one account, by id and by name', () => {
  const [first] = kernel.accounts() as Iterable<NonNullable<ReturnType<Kernel['account']>>>;
  assert.deepEqual(kernel.account({ uid: first!.uid }), first);
  assert.deepEqual(kernel.account({ name: first!.name }), first);
  assert.equal(kernel.account({ uid: 0x7fff_fff0 }), undefined);
  assert.equal(kernel.account({ uid: -1 }), undefined);
  assert.equal(kernel.account({ uid: 1.5 }), undefined);
  assert.equal(kernel.account({ name: 'no such name' }), undefined);
  assert.equal(kernel.account({ name: `${first!.name}\0` }), undefined);
});

test('one group, and the groups of an account', () => {
  const { gid } = [...kernel.groups()][0]!;
  assert.equal(kernel.group({ gid })!.gid, gid);
  assert.equal(kernel.group({ gid: 0x7fff_fff0 }), undefined);
  assert.equal(kernel.group({ gid: -1 }), undefined);
  const { name, gid: own } = kernel.account({ uid: 0 })!;
  const ids = execFileSync('id', ['-G', name], { encoding: 'utf8' }).trim().split(' ').map(Number);
  assert.deepEqual([...kernel.groupIds(name, own)].sort(), ids.sort());
  assert.deepEqual(kernel.groupIds('no such name', 7), [7]);
  assert.deepEqual(kernel.groupIds('nul\0', 7), [7]);
});

test('threads that list accounts at once each see all of them', async () => {
  const expected = [...kernel.accounts()].length;
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData).then(({ LinuxHost }) => {
      const { kernel } = new LinuxHost();
      for (let i = 0; i < 30; i++) parentPort.postMessage([...kernel.accounts()].length);
    });`;
  const module = new URL('../../src/host/linux/linux-host.ts', import.meta.url).href;
  const counts = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<number[]>((resolve, reject) => {
          const seen: number[] = [];
          const worker = new Worker(script, { eval: true, workerData: module });
          worker.on('message', (count) => seen.push(count));
          worker.on('error', reject);
          worker.on('exit', () => resolve(seen));
        }),
    ),
  );
  assert.deepEqual(counts.flat(), Array(90).fill(expected));
});

function dump(protocol: number, type: number, headerBytes: number) {
  return [...kernel.netlinkDump(protocol, type, Buffer.alloc(headerBytes))];
}

/** What a program prints; undefined, and the test skipped, where it is not installed. */
function output(t: TestContext, program: string, ...args: string[]): string | undefined {
  const { status, stdout, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return stdout;
  t.skip(`no ${program}: ${error?.message ?? `status ${status}`}`);
  return undefined;
}
