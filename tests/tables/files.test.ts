/** Which files the tables of files look at, when a query has more than one constraint. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { file } from '../../src/tables/files/file.ts';
import { hash } from '../../src/tables/files/hash.ts';
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
