import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ExpandOptions, expand } from '../../src/host/glob.ts';
import type { DirectoryEntry, Files } from '../../src/host/host.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { IteratorScan } from '../../src/host/scan.ts';
import { alternatives, wildcard } from '../../src/host/wildcard.ts';
import { writeTree } from '../../src/testing/machines.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';

const TREE = parseTree(String.raw`
/etc/hosts
/etc/host.conf
/etc/.hidden
/etc/ssh/sshd_config
/etc/ssh/.keys/one
/etc/alias -> ssh
/etc/dangling -> /nothing
/etc/loop -> loop
/etc/up -> ..
/home/anna/.ssh/id
/home/anna/notes.txt
/home/bert/notes.txt
/home/bert/caf\xe9.txt
/home/carl -> /srv/carl
/srv/carl/notes.txt
/srv/carl/home -> /home
/srv/[odd]/file
`);

const { files: memory } = new MemoryHost(TREE);

/** On the fake machine and, the same, on disk. */
function found(pattern: string, options?: ExpandOptions): string[] {
  const inMemory = [...expand(memory, pattern, options)].map(({ path }) => path);
  const onDisk = [...expand(disk, pattern, options)].map(({ path }) => path);
  assert.deepEqual(onDisk.sort(), [...inMemory].sort());
  assert.equal(new Set(inMemory).size, inMemory.length, 'a path came twice');
  return inMemory.sort();
}

const root = mkdtempSync(join(tmpdir(), 'osquery-glob-'));
writeTree(TREE, root);
const disk = new LinuxHost(root).files;
process.on('exit', () => rmSync(root, { recursive: true }));

test('one level, without hidden files, directories marked', () => {
  assert.deepEqual(found('/etc/%'), [
    '/etc/alias/',
    '/etc/dangling',
    '/etc/host.conf',
    '/etc/hosts',
    '/etc/loop',
    '/etc/ssh/',
    '/etc/up/',
  ]);
  assert.deepEqual(found('/etc/*'), found('/etc/%'));
  assert.deepEqual(found('/%'), ['/etc/', '/home/', '/srv/']);
});

test('parts of names', () => {
  assert.deepEqual(found('/etc/host%'), ['/etc/host.conf', '/etc/hosts']);
  assert.deepEqual(found('/etc/%ts'), ['/etc/hosts']);
  assert.deepEqual(found('/etc/h%s'), ['/etc/hosts']);
  assert.deepEqual(found('/etc/%o%t%'), ['/etc/host.conf', '/etc/hosts']);
  assert.deepEqual(found('/etc/.%'), ['/etc/.hidden']);
  assert.deepEqual(found('/etc/host?'), ['/etc/hosts']);
  assert.deepEqual(found('/etc/[a-h]ost[!.]'), ['/etc/hosts']);
  assert.deepEqual(found('/etc/{hosts,ssh}'), ['/etc/hosts', '/etc/ssh/']);
  assert.deepEqual(found('/srv/\\[odd\\]/%'), ['/srv/[odd]/file']);
});

test('wildcards in the middle', () => {
  assert.deepEqual(found('/home/%/notes.txt'), [
    '/home/anna/notes.txt',
    '/home/bert/notes.txt',
    '/home/carl/notes.txt',
  ]);
  assert.deepEqual(found('/home/%/.ssh/%'), ['/home/anna/.ssh/id']);
  assert.deepEqual(found('/%/%/notes%'), [
    '/home/anna/notes.txt',
    '/home/bert/notes.txt',
    '/home/carl/notes.txt',
    '/srv/carl/notes.txt',
  ]);
  // Not at the end, it is one level only.
  assert.deepEqual(found('/%%/notes.txt'), []);
});

test('all levels, hidden files below the first', () => {
  assert.deepEqual(found('/srv/%%'), [
    '/srv/[odd]/',
    '/srv/[odd]/file',
    '/srv/carl/',
    '/srv/carl/home/',
    '/srv/carl/home/anna/',
    '/srv/carl/home/anna/.ssh/',
    '/srv/carl/home/anna/.ssh/id',
    '/srv/carl/home/anna/notes.txt',
    '/srv/carl/home/bert/',
    '/srv/carl/home/bert/caf\udce9.txt',
    '/srv/carl/home/bert/notes.txt',
    '/srv/carl/home/carl/',
    '/srv/carl/notes.txt',
  ]);
  assert.deepEqual(found('/srv/**'), found('/srv/%%'));
  assert.deepEqual(found('/etc/ss%%'), ['/etc/ssh/', '/etc/ssh/.keys/', '/etc/ssh/.keys/one', '/etc/ssh/sshd_config']);
});

test('everything, with links that lead back up, ends', () => {
  const all = found('/%%');
  assert.ok(all.includes('/etc/ssh/.keys/one') && all.includes('/etc/up/'));
  assert.ok(!all.some((path) => path.startsWith('/etc/up/e')), 'a link to what is walked anyway is not followed');
});

test('directories only, files only, one file', () => {
  assert.deepEqual(found('/etc/%/'), ['/etc/alias/', '/etc/ssh/', '/etc/up/']);
  assert.deepEqual(found('/etc/%', { only: 'directories' }), found('/etc/%/'));
  assert.deepEqual(found('/etc/h%', { only: 'files' }), ['/etc/host.conf', '/etc/hosts']);
  assert.deepEqual(found('/etc/hosts'), ['/etc/hosts']);
  assert.deepEqual(found('/etc/ssh'), ['/etc/ssh/']);
  assert.deepEqual(found('/etc/hosts/'), []);
  assert.deepEqual(found('/etc/dangling'), ['/etc/dangling']);
  assert.deepEqual(found('/'), ['/']);
  assert.deepEqual(found('//etc//hosts'), ['/etc/hosts']);
  assert.deepEqual(found('/nothing/%'), []);
  assert.deepEqual(found('/etc/hosts/%'), []);
  assert.deepEqual(found('etc/%'), []);
  assert.deepEqual(found(''), []);
});

test('tells the kind that the directory told', () => {
  const kinds = Object.fromEntries([...expand(memory, '/etc/%')].map(({ path, kind }) => [path, kind]));
  assert.equal(kinds['/etc/hosts'], 'regular');
  assert.equal(kinds['/etc/ssh/'], 'directory');
  assert.equal(kinds['/etc/alias/'], 'symlink');
});

test('an unreadable directory is reported, the rest found', () => {
  const { files } = new MemoryHost(parseTree('/a/closed/ error=EACCES\n/a/open/file\n'));
  const errors: string[] = [];
  const paths = [...expand(files, '/a/%%', { onError: (path, { code }) => errors.push(`${code} ${path}`) })];
  assert.deepEqual(paths.map(({ path }) => path).sort(), ['/a/closed/', '/a/open/', '/a/open/file']);
  assert.deepEqual(errors, ['EACCES /a/closed/']);
});

test('an error that is not of the host goes through', () => {
  const stop = new Error('stop');
  const files = {
    ...stub(() => []),
    scan: () => {
      throw stop;
    },
  } as Files;
  assert.throws(() => [...expand(files, '/%%')], stop);
});

test('deep trees need no deep stack', () => {
  const depth = 20_000;
  const files = stub((path) => (path.length < depth * 2 ? [{ name: 'd', kind: 'directory' }] : []));
  let count = 0;
  for (const _ of expand(files, '/%%')) count++;
  assert.equal(count, depth);
});

test('100,000 files: one directory open at a time, none held, nothing read ahead', () => {
  let open = 0;
  let most = 0;
  let pulled = 0;
  const files = stub(function* (path) {
    open++;
    most = Math.max(most, open);
    try {
      const [count, kind] = path === '/' ? ([100, 'directory'] as const) : ([1000, 'regular'] as const);
      for (let i = 0; i < count; i++) {
        pulled++;
        yield { name: `${i}`, kind };
      }
    } finally {
      open--;
    }
  });
  let count = 0;
  for (const _ of expand(files, '/%/%')) count++;
  assert.equal(count, 100_000);
  assert.equal(most, 1);

  pulled = 0;
  for (const { kind } of expand(files, '/%%')) if (kind === 'regular') break;
  assert.equal(open, 0);
  assert.ok(pulled <= 102, `${pulled} entries read for the first file`);
});

test('a name that would make a regular expression explode is matched in a moment', () => {
  const fits = wildcard(`${'a%'.repeat(100)}?b`)!;
  assert.equal(fits('a'.repeat(255)), false);
  assert.equal(fits(`${'a'.repeat(250)}xb`), true);
  assert.equal(wildcard('[')?.('['), undefined);
  assert.equal(wildcard('[a-')?.('a'), undefined);
  assert.equal(wildcard('?')!('é'), true);
  assert.equal(wildcard('?')!('😀'), true);
  assert.equal(wildcard('[]a]%')!(']x'), true);
  assert.equal(wildcard('[!]a]%')!(']x'), false);
});

test('braces', () => {
  assert.deepEqual(alternatives('/a').sort(), ['/a']);
  assert.deepEqual(alternatives('/{a,b}/{c,d}').sort(), ['/a/c', '/a/d', '/b/c', '/b/d']);
  assert.deepEqual(alternatives('/{a,{b,c}x}').sort(), ['/a', '/bx', '/cx']);
  assert.deepEqual(alternatives('/{}/{a'), ['/{}/{a']);
  assert.ok(alternatives('{a,b}'.repeat(64)).length <= 1000);
  // Not one call for each option, nor a look behind each brace that never closes.
  assert.equal(alternatives(`{${'a,'.repeat(30_000)}}`).length, 999);
  assert.deepEqual(alternatives('{'.repeat(60_000)), ['{'.repeat(60_000)]);
  const long = `{a,b}${'x'.repeat(100_000)}`;
  assert.deepEqual(alternatives(long), [long]);
});

/** Files of which only directories can be listed. */
function stub(list: (path: string) => Iterable<DirectoryEntry>): Files {
  const scan = (path: string) => new IteratorScan(list(path));
  return { scan, realPath: (path: string) => path } as unknown as Files;
}
