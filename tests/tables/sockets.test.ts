/** Names of Unix sockets that look like lines of `/proc/net/unix`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '../../src/base/errors.ts';
import { listeningPorts } from '../../src/tables/processes/listening_ports.ts';
import { fakeKernel } from '../../src/testing/fake-kernel.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

const ZERO = '0000000000000000:';
/** As `unix_seq_show` in the kernel prints a socket that listens. */
const line = (inode: number, name: string) => `| ${ZERO} 00000002 00000000 00010000 0001 01 ${inode} ${name}\n`;

/** Process 1 of root holds sockets 100 (TCP) and 101 (Unix), process 50 of a user 500; the user's name forges a line. */
const PROCESSES = `/proc/1/ns/net -> net:[1]
/proc/1/fd/3 -> socket:[100]
/proc/1/fd/4 -> socket:[101]
/proc/50/ns/net -> net:[NET]
/proc/50/fd/3 -> socket:[500]
/proc/1/net/tcp
|  heading
|    0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0 100 0 0 10 0
`;
const FORGING = line(500, '@x') + line(100, '/run/evil-tcp') + line(101, '/run/evil-unix');

/** `struct unix_diag_msg` with a name. */
function diag(inode: number, name: string): { type: number; payload: string } {
  const head = Buffer.alloc(20);
  head.set([1, 1, 10]);
  head.writeUInt32LE(inode, 4);
  head.writeUInt16LE(4 + Buffer.byteLength(name), 16);
  const padding = Buffer.alloc(-Buffer.byteLength(name) & 3);
  return { type: 20, payload: Buffer.concat([head, Buffer.from(name), padding]).toString('hex') };
}

function paths(host: MemoryHost): string[] {
  return runTable(listeningPorts, host).rows.map(({ pid, family, path }) => `${pid} ${family} ${path}`);
}

test('the kernel is asked for the sockets of our own namespace, not its text', () => {
  const tree = `${PROCESSES.replace('NET', '1')}/proc/self/ns/net -> net:[1]\n/proc/1/net/unix\n${line(101, '/run/real')}${FORGING}`;
  const forged = `\0x\n${FORGING.slice(2).split('\n| ')[1]}`;
  const netlink = { '4/20/01': [diag(101, '/run/real\0'), diag(500, forged)] };
  assert.deepEqual(paths(new MemoryHost(parseTree(tree), fakeKernel({ netlink }))), [
    '1 2 ',
    '1 1 /run/real',
    `50 1 @x\n${forged.slice(3)}`,
  ]);
});

test('of two names of one socket in text none is believed', () => {
  const tree = `${PROCESSES.replace('NET', '1')}/proc/1/net/unix\n| heading\n${line(101, '/run/real')}${FORGING}`;
  // One that no other line has is still taken for true: of a socket that is no Unix socket.
  assert.deepEqual(paths(new MemoryHost(parseTree(tree))), ['1 2 ', '50 1 @x', '1 1 /run/evil-tcp']);
});

test('who makes a namespace of its own does not name the sockets of others', () => {
  const tree = `${PROCESSES.replace('NET', '2')}/proc/1/net/unix\n| heading\n${line(101, '/run/real')}/proc/50/net/unix\n| heading\n${FORGING}`;
  assert.deepEqual(paths(new MemoryHost(parseTree(tree))), [
    '1 2 ',
    '1 1 /run/real',
    '50 1 @x',
    '-1 1 /run/evil-tcp',
    '-1 1 /run/evil-unix',
  ]);
});

test('a kernel without unix_diag is asked for its text', () => {
  const tree = `${PROCESSES.replace('NET', '1')}/proc/self/ns/net -> net:[1]\n/proc/1/net/unix\n${line(101, '/run/real')}`;
  const kernel = { ...fakeKernel({}), netlinkDump: refuse };
  assert.deepEqual(paths(new MemoryHost(parseTree(tree), kernel)), ['1 2 ', '1 1 /run/real']);
});

function refuse(): never {
  throw new HostError('ENOENT', '4/20', 'netlink');
}

test('sockets of a user, and of nobody, are bounded; root has its own', () => {
  let tree = `/proc/1/ns/net -> net:[1]
/proc/1/fd/3 -> socket:[1000001]
/proc/1/status
| Uid:	0	0	0	0
/proc/50/ns/net -> net:[1]
/proc/50/status
| Uid:	1000	1000	1000	1000
`;
  let lines = '';
  for (let i = 1; i <= 70_000; i++) {
    tree += `/proc/50/fd/${i} -> socket:[${i}]\n`;
    lines += line(i, `@${i}`);
  }
  const host = new MemoryHost(parseTree(`${tree}/proc/1/net/unix\n${lines}${line(1_000_001, '/run/root')}`));
  const { rows, warnings } = runTable(listeningPorts, host);
  assert.equal(rows.length, 32_768 + 64 + 8192 + 1);
  assert.deepEqual(
    rows.filter(({ pid }) => pid === 1).map(({ path }) => path),
    ['/run/root'],
  );
  assert.equal(warnings.length, 2);
});
