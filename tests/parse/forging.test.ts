/** What a user chooses, in texts of the kernel: no name forges a field or a line. Samples as Linux 6.18 writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMountTypes } from '../../src/parse/mountinfo.ts';
import { parseMounts } from '../../src/parse/mounts.ts';
import { parseInterfaceNames } from '../../src/parse/proc-net.ts';
import { parseProcPidMaps } from '../../src/parse/proc-pid-maps.ts';
import { parseProcPidStat } from '../../src/parse/proc-pid-stat.ts';
import { parseProcIdentity, parseThreadGroup } from '../../src/parse/proc-pid-status.ts';
import { parseUnixDiag } from '../../src/parse/unix-diag.ts';
import { parseUtmp, RECORD_BYTES } from '../../src/parse/utmp.ts';

test('a name of a process with parentheses, blanks and line breaks', () => {
  for (const name of ['a) S 1 (b', ') R 0 0 0', '(((', ')\\n1 (x', 'a\n2 (root) S 0']) {
    const stat = parseProcPidStat(`77 (${name}) Z 5 6 7 0 -1 0 0 0 0 0 8 9 0 0 20 0 1 0 10 4096 1`);
    assert.deepEqual([stat?.name, stat?.state, stat?.parent, stat?.startTicks], [name, 'Z', 5, 10]);
  }
});

test('a name in status, where the kernel escapes line breaks', () => {
  const status = 'Name:\tx\\nUid:\\t0\\t0\nUmask:\t0022\nTgid:\t77\nUid:\t1001\t1001\t1001\t1001\nGid:\t1\t1\t1\t1\n';
  assert.equal(parseProcIdentity(status)?.uid, 1001);
  assert.equal(parseThreadGroup(status), 77);
});

test('a mapped file whose name has line breaks, which the kernel escapes', () => {
  const line = '00400000-00401000 r-xp 00000000 fd:00 7 ';
  const name = '/tmp/x\\01200400000-00401000\\040rwxp';
  assert.deepEqual(
    [...parseProcPidMaps(`${line}${name}\n`)].map(({ path, inode }) => [path, inode]),
    [[name, 7]],
  );
});

test('a mount whose source, point and options have blanks and line breaks, which the kernel escapes', () => {
  const text = 'a\\012/dev/sda\\040/\\040ext4 /home/m/x\\012y fuse.\\011ext4 rw,user=\\134x\\043 0 0\n';
  assert.deepEqual(
    [...parseMounts(text)].map(({ device, path, type }) => [device, path, type]),
    [['a\n/dev/sda / ext4', '/home/m/x\ny', 'fuse.\text4']],
  );
  const info = '77 1 0:50 /\\040-\\040ext4 /home/m/-\\040x rw master:1 - fuse.x src rw\n';
  assert.deepEqual([...parseMountTypes(info)], [[77, 'fuse.x']]);
});

test('an interface whose name is digits or looks like a heading', () => {
  assert.deepEqual([...parseInterfaceNames('Inter-|\n face |\n  1.2@x: 0 0\n face: 1\n')], ['1.2@x', 'face']);
});

test('a name of a Unix socket with NULs, line breaks and bytes that are not UTF-8', () => {
  const name = Buffer.from('\0x\n\0\xff\n0000: 1', 'latin1');
  const payload = Buffer.alloc(20 + name.length);
  payload.set([1, 1, 10]);
  payload.writeUInt32LE(5, 4);
  payload.writeUInt16LE(4 + name.length, 16);
  payload.set(name, 20);
  assert.deepEqual(parseUnixDiag(payload), { inode: 5, path: '@x\n@\udcff\n0000: 1' });
});

test('a record of a login whose fields are full', () => {
  const record = Buffer.alloc(RECORD_BYTES, 'x\n');
  assert.deepEqual(
    [...parseUtmp(record)].map(({ user, line, host }) => [user.length, line.length, host.length]),
    [[32, 32, 256]],
  );
});
