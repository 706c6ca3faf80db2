import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeText } from '../../src/base/text.ts';
import type { Files } from '../../src/host/host.ts';
import { LinuxHost } from '../../src/host/linux/linux-host.ts';
import { libc } from '../../src/host/linux/native.ts';
import { walkInRoot } from '../../src/host/linux/open-path.ts';
import { RootedFiles } from '../../src/host/linux/rooted-files.ts';
import { writeTree } from '../../src/testing/machines.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree, type Tree } from '../../src/testing/tree.ts';
import { filesSuite, refuses } from './suite.ts';

filesSuite('MemoryHost', (tree) => new MemoryHost(tree));

filesSuite('MemoryHost, inside', (tree) => {
  const below = new Map([...tree].map(([path, node]) => [`/containers/web${path}`, node]));
  const root = parseTree('/proc/77/root -> /containers/web\n/etc/hostname\n| outside\n/outside\n');
  return new MemoryHost(new Map([...below, ...root])).within(77);
});

filesSuite('LinuxHost(root)', (tree) => onDisk(tree, (root) => new LinuxHost(root).files));

filesSuite('LinuxHost(root), where the kernel has no openat2', (tree) =>
  onDisk(tree, (root) => new RootedFiles(root, walkInRoot(root))),
);

function onDisk(tree: Tree, files: (root: string) => Files): { readonly files: Files } & Disposable {
  const root = temporary();
  assert.deepEqual(writeTree(tree, root), []);
  return { files: files(root), [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

test('the suite holds for nobody', (t) => {
  if (process.geteuid?.() !== 0) return t.skip('not root');
  const child = spawnSync(
    'setpriv',
    ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '--test', import.meta.filename],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], TMPDIR: '/tmp' } },
  );
  if (child.error !== undefined) return t.skip(`no setpriv: ${child.error.message}`);
  if (/EACCES.*(execvp|permission)|Cannot find module/i.test(child.stderr))
    return t.skip('nobody cannot read the sources');
  assert.equal(child.status, 0, child.stdout);
});

test('procfs and sysfs read though their size is 0', () => {
  const { files } = new LinuxHost();
  assert.equal(files.stat('/proc/self/status').size, 0);
  assert.match(files.readText('/proc/self/status'), /^Name:\t/);
  assert.equal(files.readBytes('/proc/self/cmdline').toString(), readFileSync('/proc/self/cmdline', 'utf8'));
  // Longer than a page: the kernel gives it in several parts.
  assert.ok(files.readText('/proc/self/smaps').endsWith('\n'));
  assert.ok(files.list('/proc').some(({ name }) => name === String(process.pid)));
  assert.ok([...files.scan('/proc/self/fd')].every(({ kind }) => kind === 'symlink'));
  refuses('EFBIG', () => files.readText('/proc/self/smaps', { limit: 1000 }));
  refuses('ENOENT', () => files.readText('/proc/999999999/stat'));
});

test('a live link resolves as the kernel does it', () => {
  const { files } = new LinuxHost();
  assert.equal(files.readLink('/proc/self/exe'), process.execPath);
  assert.equal(files.realPath('/proc/self'), `/proc/${process.pid}`);
});

test('a host within a process has its files and no kernel', () => {
  const host = new LinuxHost().within(process.pid);
  assert.equal(host.kernel, undefined);
  assert.equal(host.files.readText('/etc/passwd'), readFileSync('/etc/passwd', 'utf8'));
  assert.equal(host.files.realPath('/proc/self'), `/proc/${process.pid}`);
  refuses('ELOOP', () => host.files.realPath('/proc/self/exe'));
  refuses('ENOENT', () => new LinuxHost().within(999_999_999).files.list('/'));
});

test('a link of procfs that leads to a file itself is read, and never followed, wherever on the path it is', () => {
  const root = temporary();
  try {
    writeFileSync(join(root, 'file'), 'text');
    mkdirSync(join(root, 'directory'));
    const fd = openSync(join(root, 'file'), 'r');
    symlinkSync(`/proc/${process.pid}/fd/${fd}`, join(root, 'to-descriptor'));
    symlinkSync(`/proc/${process.pid}/root${root}`, join(root, 'directory/to-root'));
    symlinkSync('/proc/self/cwd', join(root, 'to-cwd'));
    for (const [name, files] of [
      ['live', new LinuxHost().files],
      ['by openat2', new RootedFiles('/')],
    ] as const) {
      for (const path of [
        `/proc/${process.pid}/fd/${fd}`,
        `/proc/${process.pid}/task/${process.pid}/fd/${fd}`,
        '/proc/self/exe',
        '/proc/self/root/etc/hostname',
        '/proc/self/root/proc/self/root/etc/hostname',
        join(root, 'to-descriptor'),
        join(root, 'directory/to-root/file'),
        join(root, 'to-cwd'),
        join(root, 'to-cwd/package.json'),
      ]) {
        refuses('ELOOP', () => files.readText(path));
        refuses('ELOOP', () => files.open(path));
        refuses('ELOOP', () => files.stat(path));
        refuses('ELOOP', () => files.list(path));
        refuses('ELOOP', () => [...files.scan(path)]);
        refuses('ELOOP', () => files.attributes(path));
        refuses('ELOOP', () => files.realPath(path));
        assert.equal(files.exists(path), false, `${name} ${path}`);
      }
      refuses('ELOOP', () => files.linkStat('/proc/self/root/etc'));
      assert.equal(files.linkStat(join(root, 'to-descriptor')).kind, 'symlink');
      assert.equal(files.linkStat(`/proc/self/fd/${fd}`).kind, 'symlink');
      assert.equal(files.readLink(`/proc/self/fd/${fd}`), join(root, 'file'));
      assert.equal(files.readLink('/proc/self/exe'), process.execPath);
    }
    // By hand such a link is what its text says.
    const walked = new RootedFiles('/', walkInRoot('/'));
    assert.equal(walked.readText(join(root, 'to-descriptor')), 'text');
    closeSync(fd);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('links of a long directory are looked at without following one of procfs', () => {
  const root = temporary();
  try {
    const { files } = new LinuxHost();
    for (let i = 0; i < 2100; i++) writeFileSync(join(root, String(i)), '');
    symlinkSync('/proc/self/cwd', join(root, 'magic'));
    symlinkSync('/', join(root, 'plain'));
    // The first scan makes the kernel's way the one that is taken.
    for (const _ of files.scan(root));
    const targets = new Map<string, string | null | undefined>();
    for (const { name, kind, target } of files.scan(root)) {
      if (kind === 'symlink') targets.set(name, target === null ? null : target?.kind);
    }
    assert.deepEqual([targets.get('magic'), targets.get('plain')], [null, 'directory']);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('an open file says where it lies, whatever its name leads to by then', () => {
  const root = temporary();
  try {
    writeFileSync(join(root, 'first'), '1');
    writeFileSync(join(root, 'second'), '2');
    symlinkSync('first', join(root, 'link'));
    for (const [files, at] of [
      [new LinuxHost().files, root],
      [new LinuxHost(root).files, ''],
    ] as const) {
      using file = files.open(`${at}/link`);
      rmSync(join(root, 'link'));
      symlinkSync('second', join(root, 'link'));
      assert.equal(file.realPath(), `${at}/first`);
      rmSync(join(root, 'link'));
      symlinkSync('first', join(root, 'link'));
    }
    using gone = new LinuxHost().files.open(`${root}/first`);
    rmSync(join(root, 'first'));
    refuses('ENOENT', () => gone.realPath());
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('what would take away what it reads is not read', { skip: !existsSync('/proc/kmsg') && 'no /proc/kmsg' }, () => {
  const root = temporary();
  try {
    const { files } = new LinuxHost();
    symlinkSync('/proc/kmsg', join(root, 'log'));
    for (const path of ['/proc/kmsg', join(root, 'log')]) {
      refuses('EOPNOTSUPP', () => files.readText(path));
      refuses('EOPNOTSUPP', () => files.open(path));
    }
    assert.match(files.readText('/proc/self/status'), /^Name:/);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('what is not a file is refused before it is opened', () => {
  const root = temporary();
  try {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    symlinkSync('/dev/null', join(root, 'null'));
    for (const [host, at] of [
      [new LinuxHost(root), ''],
      [new LinuxHost(), root],
    ] as const) {
      refuses('EOPNOTSUPP', () => host.files.readText(`${at}/pipe`));
      refuses('EOPNOTSUPP', () => host.files.open(`${at}/pipe`));
      assert.equal(host.files.stat(`${at}/pipe`).kind, 'fifo');
      // Below another root there is no /dev/null; on the machine it is one.
      refuses(at === '' ? 'ENOENT' : 'EOPNOTSUPP', () => host.files.readText(`${at}/null`));
    }
    const nul = new LinuxHost().files.stat('/dev/null');
    assert.equal(nul.kind, 'character');
    assert.equal(nul.specialDevice, 0x103);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('a large directory is streamed, each name once, and its descriptor closed when the caller stops', () => {
  const root = temporary();
  try {
    // Long names, so that the directory is beyond what is read at once.
    const count = 2000;
    for (let i = 0; i < count; i++) writeFileSync(join(root, `${i}-`.padEnd(120, 'x')), '');
    for (const name of ['caf\udce9', '\ufffd']) writeFileSync(encodeText(`${root}/${name}`), '');
    for (const [files, path] of [
      [new LinuxHost().files, root],
      [new LinuxHost(root).files, '/'],
    ] as const) {
      const names = new Set([...files.scan(path)].map(({ name }) => name));
      assert.equal(names.size, count + 2);
      assert.ok(names.has('caf\udce9') && names.has('\ufffd'));
      const open = descriptors();
      let pulled = 0;
      for (const _ of files.scan(path)) if (++pulled === 3) break;
      assert.equal(pulled, 3);
      assert.equal(descriptors(), open);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('no descriptor stays open, whatever fails', () => {
  const root = temporary();
  try {
    writeTree(parseTree('/a/b/c/file\n| x\n/a/loop -> loop\n/a/up -> ../../..\n'), root);
    const open = descriptors();
    const both = [new LinuxHost(root).files, new RootedFiles(root, walkInRoot(root))];
    for (const path of ['/a/b/c/file', '/a/loop', '/a/b/nothing', '/a/up/a/b', '/a/b/c/file/x', '/']) {
      for (const use of [
        'readText',
        'list',
        'stat',
        'linkStat',
        'readLink',
        'realPath',
        'exists',
        'attributes',
      ] as const) {
        for (const files of both) {
          try {
            files[use](path);
          } catch {}
        }
      }
    }
    assert.equal(descriptors(), open);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('what may not be read is EACCES', (t) => {
  if (process.geteuid?.() === 0) return t.skip('root may read everything');
  const root = temporary();
  try {
    writeFileSync(join(root, 'secret'), '');
    mkdirSync(join(root, 'closed'));
    chmodSync(join(root, 'secret'), 0);
    chmodSync(join(root, 'closed'), 0);
    for (const [files, at] of [
      [new LinuxHost(root).files, ''],
      [new LinuxHost().files, root],
    ] as const) {
      refuses('EACCES', () => files.readText(`${at}/secret`));
      refuses('EACCES', () => files.list(`${at}/closed`));
      refuses('EACCES', () => [...files.scan(`${at}/closed`)]);
      refuses('EACCES', () => files.stat(`${at}/closed/x`));
    }
    chmodSync(join(root, 'closed'), 0o700);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('extended attributes', (t) => {
  const root = temporary();
  try {
    writeFileSync(join(root, 'file'), '');
    const set = libc('int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)');
    if (set(join(root, 'file'), 'user.note', Buffer.from([0xff, 0, 0x41]), 3, 0) !== 0) {
      return t.skip('a file system without attributes');
    }
    assert.deepEqual(new LinuxHost(root).files.attributes('/file').get('user.note'), Buffer.from([0xff, 0, 0x41]));
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('attributes of a fake machine', () => {
  const tree: Tree = parseTree('/bin/ping 0755\n@ security.capability \\x01\\x00\\x02\n');
  const { files } = new MemoryHost(tree);
  assert.deepEqual(files.attributes('/bin/ping').get('security.capability'), Buffer.from([1, 0, 2]));
});

test('a fake machine fails where its tree says so', () => {
  const { files } = new MemoryHost(parseTree('/etc/shadow 0640 error=EACCES\n| secret\n/root/ 0700 error=EACCES\n'));
  refuses('EACCES', () => files.readText('/etc/shadow'));
  refuses('EACCES', () => files.list('/root'));
  assert.equal(files.stat('/etc/shadow').size, 7);
});

function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'osquery-files-'));
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
