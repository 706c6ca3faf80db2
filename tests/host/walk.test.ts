/** Walks over more directories and links than are held at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostError } from '../../src/base/errors.ts';
import { expand } from '../../src/host/glob.ts';
import type { Files } from '../../src/host/host.ts';
import { suidBin } from '../../src/tables/files/suid_bin.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

/** More than `MAX_WAITING` of walk.ts. */
const MANY = 130_000;

const many = (() => {
  let tree = '/home/ada/notes\n| x\n/tmp/zz/suid 04755\n| x\n';
  for (let i = 0; i < MANY; i++) tree += `/tmp/a/d${i}/f\n`;
  return new MemoryHost(parseTree(`${tree}/tmp/a/d${MANY - 1}/suid 04755\n| x\n`));
})();

function counted(paths: Iterable<{ readonly path: string }>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path } of paths) counts.set(path, (counts.get(path) ?? 0) + 1);
  return counts;
}

test('a directory with more directories than are held is walked to its end, and nothing twice', () => {
  const found = counted(expand(many.files, '/tmp/%%'));
  assert.equal(found.size, 1 + 1 + 1 + MANY * 2 + 1);
  assert.ok([...found.values()].every((count) => count === 1));
});

test('so is a pattern that goes through all of them', () => {
  const found = counted(expand(many.files, '/tmp/a/%/f'));
  assert.equal(found.size, MANY);
  assert.ok([...found.values()].every((count) => count === 1));
});

test('suid_bin finds a file in the last of them, and the directories of others', () => {
  const { rows } = runTable(suidBin, many);
  assert.deepEqual(rows.map(({ path }) => path).sort(), [`/tmp/a/d${MANY - 1}/suid`, '/tmp/zz/suid']);
});

test('of many links to directories those that lead somewhere new are followed', () => {
  let tree = '/outside/one/file\n| x\n';
  for (let i = 0; i < 12_000; i++) tree += `/home/m/l${i} -> /home/m/own\n`;
  tree += '/home/m/own/f\n| x\n';
  for (let i = 0; i < 5_000; i++) tree += `/home/m/z${i} -> /outside/one\n`;
  const { files } = new MemoryHost(parseTree(tree));
  const followed: string[] = [];
  const errors: HostError[] = [];
  for (const { path } of expand(files, '/home/m/%%', { onError: (_, cause) => errors.push(cause) })) {
    if (path.endsWith('/file')) followed.push(path);
  }
  assert.equal(followed.length, 1);
  assert.deepEqual(errors, []);
});

test('suid_bin follows links that root made, and looks at others themselves', () => {
  const host = new MemoryHost(
    parseTree(
      '/usr/bin/sudo 04755\n| x\n/usr/bin/alternative -> /usr/bin/sudo\n/tmp/link 0777 1000:1000 -> /usr/bin/sudo\n/tmp/own 06755 1000:1000\n| x\n',
    ),
  );
  const looked: string[] = [];
  const files = new Proxy(host.files, {
    get: (target, name: keyof Files) => {
      const value = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        if (name === 'stat') looked.push(String(args[0]));
        return value.apply(target, args);
      };
    },
  });
  const seen = { platform: 'linux', files, kernel: undefined, within: () => seen } as const;
  const { rows } = runTable(suidBin, seen as never);
  assert.deepEqual(rows.map(({ path }) => path).sort(), ['/tmp/own', '/usr/bin/alternative', '/usr/bin/sudo']);
  assert.ok(looked.includes('/usr/bin/alternative') && !looked.includes('/tmp/link'));
});

test('a user who leaves a million set-user-id files does not fill the table', () => {
  let tree = '/usr/bin/sudo 04755\n| x\n';
  for (let i = 0; i < 10_500; i++) tree += `/tmp/s${i} 04755 1001:1001\n`;
  const { rows, warnings } = runTable(suidBin, new MemoryHost(parseTree(`${tree}/tmp/other 04755 1000:1000\n`)));
  assert.equal(rows.length, 10_002);
  assert.deepEqual(warnings, ['truncated: 500 files left out: user 1001 has more than 10000']);
});
