/** Which files the tables of files look at, when a query has more than one constraint. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { file } from '../../src/tables/files/file.ts';
import { hash } from '../../src/tables/files/hash.ts';
import { fakeAgent } from '../../src/testing/fake-agent.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

const host = new MemoryHost(
  parseTree('/etc/hosts\n| a\n/etc/host.conf\n| b\n/etc/apt/sources.list\n| c\n/srv/host.conf\n| d\n'),
);

type Where = NonNullable<Parameters<typeof runTable>[2]>['where'];

function paths(where: Where): unknown[] {
  return runTable(file, host, { where: where! })
    .rows.map(({ path }) => path)
    .sort();
}

test('a pattern that begins anywhere narrows a directory', () => {
  const names = ['/etc/apt', '/etc/host.conf', '/etc/hosts'];
  assert.deepEqual(paths({ directory: '/etc', path: { like: '%host%' } }), names);
  assert.deepEqual(paths({ directory: '/etc', path: { like: '/etc/%' } }), names);
});

test('of two patterns the one that says where to begin', () => {
  const where: Where = { path: { like: '%.conf', glob: '/srv/*' } };
  assert.deepEqual(paths(where), ['/srv/host.conf']);
  assert.deepEqual(paths({ path: { like: '%.conf' }, directory: { like: '/sr%' } }), ['/srv/host.conf']);
});

test('a pattern that begins anywhere, alone, leads nowhere, as in osquery', () => {
  assert.deepEqual(paths({ path: { like: '%.conf' } }), []);
});

test('a regular expression alone is refused, not taken for no files', () => {
  for (const table of [file, hash]) {
    assert.throws(() => runTable(table, host, { where: { path: { regexp: 'host' } } }), /REGEXP does not say where/);
  }
});

test('a hole of terabytes is not hashed, what others have is', () => {
  const machine = new MemoryHost(
    parseTree(
      '/home/m/hole 0644 1001:1001 size=15000000000000\n| x\n/home/ada/a 0644 1000:1000\n| a\n/srv/hole size=15000000000000\n| x\n',
    ),
  );
  const { rows, warnings } = runTable(hash, machine, {
    where: { path: ['/home/m/hole', '/srv/hole', '/home/ada/a'] },
    uses: ['path', 'sha256'],
  });
  assert.deepEqual(
    rows.map(({ path, sha256 }) => [path, String(sha256).length]),
    [
      ['/home/m/hole', 0],
      ['/srv/hole', 0],
      ['/home/ada/a', 64],
    ],
  );
  const bound = 'truncated: files of more than --hash_max_bytes=1073741824 are not hashed';
  assert.deepEqual(warnings, [
    `${bound}: /home/m/hole has 15000000000000 bytes`,
    `${bound}: /srv/hole has 15000000000000 bytes`,
  ]);
});

test('the bytes that are hashed of one user are bounded, over all queries of ten minutes', () => {
  let tree = '/srv/large\n100000| aaaaaaaaa\n';
  for (let i = 0; i < 4; i++) tree += `/home/m/${i} 0644 1001:1001 inode=${100 + i}\n40| aaaaaaaaa\n`;
  const machine = new MemoryHost(parseTree(`${tree}/home/ada/a 0644 1000:1000\n90| aaaaaaaaa\n`));
  const agent = fakeAgent({ option: (name) => ({ hash_max_bytes: '10000', hash_cache_max: '500' })[name] ?? '' });
  const ask = (path: string) => {
    const { rows, warnings } = runTable(hash, machine, { where: { path }, uses: ['md5'], agent });
    return [rows[0]!['md5'] !== '', ...warnings];
  };
  assert.deepEqual(ask('/home/m/0'), [true]);
  assert.deepEqual(ask('/home/m/1'), [true]);
  const [hashed, warning] = ask('/home/m/2');
  assert.equal(hashed, false);
  assert.equal(
    warning,
    'truncated: of user 1001 --hash_max_bytes=10000 were hashed within ten minutes: /home/m/2 is not',
  );
  assert.deepEqual(ask('/home/m/0'), [true], 'a digest that is kept costs nothing');
  assert.deepEqual(ask('/home/ada/a'), [true], 'another user has bytes of their own');
  assert.deepEqual(ask('/srv/large'), [true], 'root may have files of any size, but for holes');
});

test('what says that it is empty is not read: a link may lead to what the kernel makes up', () => {
  const machine = new MemoryHost(parseTree('/proc/version\n| Linux\n/home/m/k -> /proc/version\n/etc/empty\n'));
  const { rows } = runTable(hash, machine, {
    where: { path: ['/proc/version', '/home/m/k', '/etc/empty'] },
    uses: ['md5'],
  });
  const empty = 'd41d8cd98f00b204e9800998ecf8427e';
  assert.equal(String(rows[0]!['md5']).length, 32);
  assert.notEqual(rows[0]!['md5'], empty);
  assert.deepEqual([rows[1]!['md5'], rows[2]!['md5']], [empty, empty]);
});
