/** What one user makes larger than any honest thing is: the rows of others come, in time, with a warning. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LinuxKernel } from '../../src/host/linux/kernel.ts';
import { SOCK_DIAG_BY_FAMILY, unixDiagRequest } from '../../src/parse/unix-diag.ts';
import { ask, askWhole } from './support/ask.ts';

/** Seconds that each of these takes at most; without a bound it is minutes or never. */
const IN_TIME = { flags: ['--query_timeout=30'] };

describe('processes with two megabytes of arguments', () => {
  const children: ChildProcess[] = [];

  before(async () => {
    const long = '\x01'.repeat(120_000);
    for (let i = 0; i < 4; i++) {
      const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', ...Array(12).fill(long)], {
        env: { LONG: 'x'.repeat(120_000) },
      });
      children.push(child);
      await once(child, 'spawn');
    }
  });
  after(() => {
    for (const child of children) child.kill();
  });

  test('have the first 128 KiB of them, and others have theirs', () => {
    const { rows, stderr } = askWhole('select pid, length(cmdline) as length, cmdline from processes', IN_TIME);
    for (const { pid } of children) {
      const row = rows.find((row) => row['pid'] === String(pid))!;
      assert.ok(Number(row['length']) > 100_000 && Number(row['length']) <= 128 * 1024);
    }
    assert.ok(rows.some(({ pid }) => pid === String(process.pid)));
    assert.match(stderr, /processes: truncated: cmdline has more than 131072 bytes.*: process \d+ and \d+ more/);
  });

  test('have their environment', () => {
    const rows = ask(`select key, length(value) as n from process_envs where pid = ${children[0]!.pid}`, IN_TIME);
    assert.deepEqual(
      rows.filter(({ key }) => key === 'LONG').map(({ n }) => n),
      ['120000'],
    );
  });
});

describe('a Unix socket whose name looks like a line of /proc/net/unix', { skip: noUnixDiag() }, () => {
  const servers: Server[] = [];
  let inode = '';

  before(async () => {
    const tcp = createServer().listen(0, '127.0.0.1');
    servers.push(tcp);
    await once(tcp, 'listening');
    const { fd } = (tcp as unknown as { _handle: { fd: number } })._handle;
    inode = /\d+/.exec(readlinkSync(`/proc/self/fd/${fd}`))![0];
    const line = `0000000000000000: 00000002 00000000 00010000 0001 01 ${inode} /run/evil`;
    const unix = createServer().listen(`\0${process.pid}\n${line}`);
    servers.push(unix);
    await once(unix, 'listening');
  });
  after(() => {
    for (const server of servers) server.close();
  });

  test('is one socket with that name, and names no other', () => {
    const rows = ask(`select path, family from listening_ports where pid = ${process.pid} and family = 1`);
    assert.deepEqual(
      rows.filter(({ path }) => path!.includes('evil')).map(({ path }) => path!.slice(0, path!.indexOf('\n'))),
      [`@${process.pid}`],
    );
    const sockets = ask(`select family, path from process_open_sockets where socket = ${inode}`);
    assert.deepEqual(sockets, [{ family: '2', path: '' }]);
  });
});

describe('files of a user', () => {
  let root = '';
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode: 0o600 });
  };

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'osquery-bounds-'));
    write('etc/passwd', 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n');
  });
  after(() => rmSync(root, { recursive: true }));

  const askRoot = (sql: string) => askWhole(sql, { flags: ['--root', root, ...IN_TIME.flags] });

  test('a history of 20 MB: the newest commands', () => {
    write('root/.bash_history', `oldest\n${'a command of some length\n'.repeat(800_000)}newest\n`);
    const { rows, stderr } = askRoot(
      "select count(*) as n, sum(command = 'newest') as newest, sum(command = 'oldest') as oldest from shell_history where uid = 0",
    );
    assert.deepEqual(rows, [{ n: '100000', newest: '1', oldest: '0' }]);
    assert.match(stderr, /lines are read: \/root\/\.bash_history: \d+ bytes left out/);
  });

  test('a key whose numbers OpenSSL computes with for minutes', () => {
    const der = (tag: number, ...parts: Buffer[]) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0));
      return Buffer.concat([Buffer.of(tag, 0x84), length, ...parts]);
    };
    const number = der(0x02, Buffer.alloc(11_500, 0x7f));
    const algorithm = der(0x30, Buffer.from('06072a8648ce380401', 'hex'), der(0x30, number, number, number));
    const key = der(0x30, Buffer.from('020100', 'hex'), algorithm, der(0x04, number)).toString('base64');
    write('root/.ssh/id_dsa', `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`);
    const { rows } = askRoot('select key_type, key_length from user_ssh_keys where uid = 0');
    assert.deepEqual(rows, [{ key_type: 'dsa', key_length: '91999' }]);
  });

  test('a file with a hole of terabytes has no digests, others have theirs', (t) => {
    write('root/a', 'a');
    write('root/hole', '');
    try {
      truncateSync(join(root, 'root/hole'), 15e12);
    } catch (cause) {
      return t.skip(`the file system has no such file: ${cause}`);
    }
    const { rows, stderr } = askRoot("select path, length(sha256) as n from hash where directory = '/root'");
    assert.deepEqual(
      rows
        .filter(({ path }) => path === '/root/a' || path === '/root/hole')
        .map(({ path, n }) => [path, n])
        .sort(),
      [
        ['/root/a', '64'],
        ['/root/hole', '0'],
      ],
    );
    assert.match(stderr, /truncated: files of more than --hash_max_bytes=1073741824 are not hashed/);
  });
});

/** Without it there is only the text, in which nobody can tell a name from a line. */
function noUnixDiag(): string | false {
  try {
    for (const _ of new LinuxKernel().netlinkDump(4, SOCK_DIAG_BY_FAMILY, unixDiagRequest())) return false;
    return false;
  } catch (cause) {
    return `needs unix_diag of the kernel: ${(cause as Error).message}`;
  }
}
