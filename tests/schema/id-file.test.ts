import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ifPresent } from '../../src/base/errors.ts';
import type { Files } from '../../src/host/host.ts';
import { parsePasswd } from '../../src/parse/passwd.ts';
import { IdFile } from '../../src/schema/id-file.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';

const ACCOUNTS = `/etc/passwd
| root:x:0:0::/root:/bin/sh
| ada:x:1000:1000::/home/ada:/bin/sh
| toor:x:0:0::/root:/bin/sh
| bob:x:1001:1001::/home/bob:/bin/sh
`;

/** The files of a machine that can change; counts how often a text is read. */
function changing(tree: string) {
  let { files } = new MemoryHost(parseTree(tree));
  let read = 0;
  let mtime = 1;
  const stand = new Proxy({} as Files, {
    get(_, name: keyof Files) {
      if (name === 'readText') read++;
      if (name === 'stat') return (path: string) => ({ ...files.stat(path), mtime });
      return files[name].bind(files);
    },
  });
  const change = (to: string) => {
    files = new MemoryHost(parseTree(to)).files;
    mtime++;
  };
  return { files: stand, change, read: () => read };
}

const names = (entries: Iterable<{ readonly name: string }>) => Array.from(entries, ({ name }) => name);

test('entries by id, of a file that is read once', () => {
  const passwd = new IdFile('/etc/passwd', parsePasswd, ({ uid }) => uid);
  const { files, read } = changing(ACCOUNTS);
  assert.deepEqual(names(passwd.entries(files, ifPresent)), ['root', 'ada', 'toor', 'bob']);
  assert.deepEqual(names(passwd.entries(files, ifPresent, [0])), ['root', 'toor']);
  assert.deepEqual(names(passwd.entries(files, ifPresent, [1001, 0])), ['root', 'toor', 'bob']);
  assert.deepEqual(names(passwd.entries(files, ifPresent, [7])), []);
  assert.deepEqual(names(passwd.entries(files, ifPresent, [])), []);
  assert.equal(read(), 1);
});

test('a file that has changed, or is gone', () => {
  const passwd = new IdFile('/etc/passwd', parsePasswd, ({ uid }) => uid);
  const { files, change } = changing(ACCOUNTS);
  assert.deepEqual(names(passwd.entries(files, ifPresent, [1000])), ['ada']);
  change(ACCOUNTS.replace('ada', 'eve'));
  assert.deepEqual(names(passwd.entries(files, ifPresent, [1000])), ['eve']);
  change('/etc/group\n| root:x:0:\n');
  assert.deepEqual(names(passwd.entries(files, ifPresent, [1000])), []);
});

test('two machines are two', () => {
  const passwd = new IdFile('/etc/passwd', parsePasswd, ({ uid }) => uid);
  const [one, other] = [changing(ACCOUNTS), changing(ACCOUNTS.replace('ada', 'eve'))];
  assert.deepEqual(names(passwd.entries(one.files, ifPresent, [1000])), ['ada']);
  assert.deepEqual(names(passwd.entries(other.files, ifPresent, [1000])), ['eve']);
});

test('a file too long to be held is parsed for whoever asks', () => {
  const passwd = new IdFile('/etc/passwd', parsePasswd, ({ uid }) => uid);
  const { files, read } = changing(`${ACCOUNTS}${`| #${'x'.repeat(1024)}\n`.repeat(2048)}`);
  for (let i = 0; i < 2; i++) assert.equal(names(passwd.entries(files, ifPresent, [0])).length, 4);
  assert.equal(read(), 2);
});
