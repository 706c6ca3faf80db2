import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostError } from '../../src/base/errors.ts';
import * as columns from '../../src/schema/columns.ts';
import { table } from '../../src/schema/table.ts';
import { fakeKernel } from '../../src/testing/fake-kernel.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

const host = new MemoryHost(parseTree('/etc/hostname\n| web-1\n'));

const people = table({
  name: 'people',
  description: 'People.',
  platforms: ['linux'],
  columns: {
    name: columns.text('Name', { index: true }),
    age: columns.integer('Age', { additional: true }),
    big: columns.bigint('Big'),
    share: columns.double('Share'),
    picture: columns.blob('Picture'),
    elsewhere: columns.text('Elsewhere', { platforms: ['darwin'] }),
  },
  examples: [],
  *generate({ row, values, patterns, bounds, uses, warn, attempt }) {
    warn('careful');
    warn('careful');
    attempt(() => {
      throw new HostError('EACCES', '/secret', 'read');
    });
    attempt(() => {
      throw new HostError('ENOENT', '/absent', 'read');
    });
    const asked = JSON.stringify([values('name'), patterns('name'), bounds('age'), uses('picture')]);
    yield row({ name: asked, age: 1.9, big: 2n ** 63n, share: 0.5, picture: Buffer.of(1) });
    yield row({ big: 5n, age: true });
  },
});

test('cells as the engine sees them, warnings once', () => {
  const { rows, warnings } = runTable(people, host);
  assert.deepEqual(rows, [
    { name: '[null,[],{},true]', age: 1, big: 2n ** 63n, share: 0.5, picture: Buffer.of(1) },
    { name: '', age: 1, big: 5, share: null, picture: null },
  ]);
  assert.deepEqual(warnings, ['careful', 'cannot read: read /secret: EACCES']);
});

test('constraints reach the table', () => {
  const name = (options: Parameters<typeof runTable>[2]) => runTable(people, host, options).rows[0]!['name'];
  assert.equal(name({ where: { name: 'a' }, uses: ['name'] }), '[["a"],[],{},false]');
  assert.equal(name({ where: { name: ['a', 'b', 'a'], age: 3 } }), '[["a","b"],[],{"min":3,"max":3},true]');
  assert.equal(
    name({ where: { name: { like: 'a%', glob: 'a*' }, age: { min: 2 } } }),
    '[null,[{"operator":"LIKE","pattern":"a%"},{"operator":"GLOB","pattern":"a*"}],{"min":2},true]',
  );
  assert.equal(name({ where: { name: '' } }), '[[""],[],{},true]');
  assert.equal(runTable(people, host, { limit: 1 }).rows.length, 1);
});

test('a table that breaks its declaration fails', () => {
  const broken = (cells: object) => ({
    ...people,
    *generate() {
      yield cells as never;
    },
  });
  assert.throws(() => runTable(broken({ nmae: 'x' }), host), /people has no column nmae/);
  assert.throws(() => runTable(broken({ name: 1 }), host), /people.name: number in a TEXT column/);
  assert.throws(() => runTable(broken({ age: '1' }), host), /people.age: string in a INTEGER column/);
  const peeking = {
    ...people,
    generate: ({ values }: { values: (name: string) => unknown }) => [values('big')],
  };
  assert.throws(() => runTable(peeking as never, host), /people.big is not declared/);
});

test('required columns and live tables', () => {
  const needy = { ...people, columns: { path: columns.text('Path', { required: true }), ...people.columns } };
  assert.deepEqual(runTable(needy, host), { rows: [], warnings: ['needs a constraint on path'] });
  assert.equal(runTable(needy, host, { where: { path: '/' } }).rows.length, 2);
  const live = { ...people, live: true as const };
  assert.deepEqual(runTable(live, host).rows, []);
  assert.equal(runTable(live, new MemoryHost(new Map(), fakeKernel({}))).rows.length, 2);
});

test('a fake kernel answers what its file says', () => {
  const kernel = fakeKernel({
    now: '2024-01-01T00:00:00Z',
    netlink: { '4/20': [{ type: 20, payload: '00' }], '4/20/0a': [{ type: 20, payload: 'be ef' }] },
    fileSystems: {
      '/': { blockSize: 1, blocks: 1, blocksFree: 1, blocksAvailable: 1, inodes: 1, inodesFree: 1 },
      '/srv': { blockSize: 2, blocks: 1, blocksFree: 1, blocksAvailable: 1, inodes: 1, inodesFree: 1 },
    },
    cpuid: { '0': [1, 2, 3, 4], '4.1': [5, 6, 7, 8] },
    accounts: [{ name: 'anna', uid: 1000, gid: 1000, gecos: '', home: '/home/anna', shell: '/bin/sh' }],
  });
  assert.equal(kernel.now(), 1704067200);
  assert.deepEqual(
    [...kernel.netlinkDump(4, 20, Buffer.from([0x0a, 6]))],
    [{ type: 20, payload: Buffer.from([0xbe, 0xef]) }],
  );
  assert.deepEqual([...kernel.netlinkDump(4, 20, Buffer.from([2]))][0]!.payload, Buffer.of(0));
  assert.deepEqual([...kernel.netlinkDump(0, 18, Buffer.alloc(0))], []);
  assert.equal(kernel.fileSystem('/srv/www')!.blockSize, 2);
  assert.equal(kernel.fileSystem('/srvx')!.blockSize, 1);
  assert.equal(kernel.cpuid(4, 1)!.eax, 5);
  assert.equal(kernel.cpuid(4, 0), undefined);
  assert.equal(kernel.cpuid(0, 9)!.edx, 4);
  assert.equal(kernel.account({ uid: 1000 })!.name, 'anna');
  assert.equal(kernel.account({ name: 'bert' }), undefined);
});
