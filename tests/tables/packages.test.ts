/** What dpkg's tables read for a query. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../../src/host/host.ts';
import { debPackageFiles } from '../../src/tables/packages/deb_package_files.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

const LISTS = `
/var/lib/dpkg/info/a.list
| /etc/a
/var/lib/dpkg/info/libc6:amd64.list
| /lib/x86_64
/var/lib/dpkg/info/libc6:i386.list
| /lib/i386
/var/lib/dpkg/info/a.md5sums
| none
`;

/** A machine whose directory of lists was changed at `mtime`; counts how often it was listed. */
function machine(tree: string, mtime: () => number) {
  const memory = new MemoryHost(parseTree(tree));
  let listed = 0;
  const files = new Proxy(memory.files, {
    get(target, name) {
      if (name === 'stat') return (path: string) => ({ ...target.stat(path), mtime: mtime() });
      if (name === 'list') listed++;
      const method = Reflect.get(target, name, target);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
  const host: Host = { platform: 'linux', files, kernel: undefined, within: (pid) => memory.within(pid) };
  return { host, listed: () => listed };
}

function paths(host: Host, name: string): unknown[] {
  return runTable(debPackageFiles, host, { where: { package: name } }).rows.map(({ path }) => path);
}

test('one package after the other is asked for, and the directory is listed once', () => {
  const { host, listed } = machine(LISTS, () => 1000);
  assert.deepEqual(paths(host, 'a'), ['/etc/a']);
  assert.deepEqual(paths(host, 'libc6'), ['/lib/x86_64', '/lib/i386']);
  assert.deepEqual(paths(host, 'libc6:amd64'), []);
  assert.deepEqual(paths(host, 'constructor'), []);
  assert.equal(listed(), 1);
});

test('a directory that has changed is listed anew', () => {
  let mtime = 1000;
  const { host, listed } = machine(LISTS, () => mtime);
  assert.deepEqual(paths(host, 'a'), ['/etc/a']);
  mtime++;
  assert.deepEqual(paths(host, 'a'), ['/etc/a']);
  assert.equal(listed(), 2);
});
