/** The shell over the files of a machine that does not run: `--root`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, askWhole, asRoot } from './support/ask.ts';

let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'osquery-root-'));
  for (const path of ['etc', 'proc', 'sys']) mkdirSync(join(root, path));
  writeFileSync(join(root, 'etc/hosts'), '192.0.2.7 printer\n');
});
after(() => rmSync(root, { recursive: true }));

test('what is in files is there', () => {
  assert.deepEqual(ask('select hostnames from etc_hosts', { flags: ['--root', root] }), [{ hostnames: 'printer' }]);
});

for (const [table, missed] of [
  ['processes', '/proc'],
  ['mounts', '/proc/mounts'],
  ['memory_info', '/proc/meminfo'],
  ['listening_ports', '/proc'],
] as const) {
  test(`${table} says that it needs the kernel`, () => {
    const { status, rows, stderr } = askWhole(`select * from ${table}`, { flags: ['--root', root] });
    assert.deepEqual([status, rows], [0, []]);
    assert.match(stderr, new RegExp(`${table}: reads ${missed}\\S* of the running kernel, which --root does not have`));
  });
}

test('a table that is empty for another reason says nothing', () => {
  const { rows, stderr } = askWhole('select * from crontab', { flags: ['--root', root] });
  assert.deepEqual([rows, stderr], [[], '']);
});

test('a block device below the root is not read: it would be one of this machine', { skip: asRoot }, (t) => {
  const path = join(root, 'etc/services');
  // The first loop device, attached to nothing: its end is its beginning.
  if (spawnSync('mknod', [path, 'b', '7', '0']).status !== 0) return t.skip('may not make devices');
  const { rows, stderr } = askWhole('select * from etc_services', { flags: ['--root', root] });
  assert.deepEqual(rows, []);
  assert.match(stderr, /etc_services: cannot read \(EOPNOTSUPP\)/);
});

test('a root that is none is a mistake', () => {
  for (const [path, reason] of [
    ['nothing', 'ENOENT'],
    ['etc/hosts', 'not a directory'],
  ] as const) {
    const wrong = join(root, path);
    const { status, stderr } = askWhole('select * from users', { flags: ['--root', wrong] });
    assert.deepEqual([status, stderr], [1, `ERROR: --root ${wrong}: ${reason}\n`]);
  }
});
