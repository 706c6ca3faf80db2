import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeText } from '../../src/base/text.ts';
import { loadMachine, loadTree, machineNames, writeTree } from '../../src/testing/machines.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { mergeTrees, parseTree, printTree, type Tree, type TreeNode } from '../../src/testing/tree.ts';

test('content lines', () => {
  const tree = parseTree(
    String.raw`
/verbatim
| a \x41 # not a comment
|
| /not/an/entry
> no newline
/escaped
\ \x41\0\t\n\r\\ b
/base64
= AAEC/w==
/mixed
| text
3| again
2\ \0
= Qg==
`,
  );
  const content = (path: string) => tree.get(path)!.content.toString('latin1');
  assert.equal(content('/verbatim'), 'a \\x41 # not a comment\n\n/not/an/entry\nno newline');
  assert.equal(content('/escaped'), 'A\0\t\n\r\\ b');
  assert.equal(content('/base64'), '\0\x01\x02\xff');
  assert.equal(content('/mixed'), 'text\nagain\nagain\nagain\n\0\0B');
});

test('entries', () => {
  const tree = parseTree(
    String.raw`
/plain
/all 0640 33:44 mtime=2024-05-01T00:00:00Z atime=5 ctime=6.5 btime=0 size=7 inode=8 device=9 links=10 error=EIO
/dir/ 1777
/link 0:5 -> /a target\x00with -> arrow
/dev/sda1 0660 0:6 block=259:65535
/dev/null 0666 character=1:3
/run/pipe fifo
/run/socket socket
@ user.one plain\x00
@ user.two
/odd\x20na\\me\xff
`,
  );
  const { content: _, attributes: __, ...all } = tree.get('/all')!;
  assert.deepEqual(all, {
    kind: 'regular',
    mode: 0o640,
    uid: 33,
    gid: 44,
    mtime: Date.UTC(2024, 4, 1) / 1000,
    atime: 5,
    ctime: 6.5,
    btime: 0,
    size: 7,
    inode: 8,
    device: 9,
    links: 10,
    error: 'EIO',
  });
  assert.equal(tree.get('/dir')!.kind, 'directory');
  assert.equal(tree.get('/dir')!.mode, 0o1777);
  assert.equal(tree.get('/link')!.target, '/a target\0with -> arrow');
  // makedev(3): the low 8 bits of the minor number, 12 of the major, the rest of the minor.
  assert.equal(tree.get('/dev/sda1')!.specialDevice, 0xff1_03ff);
  assert.equal(tree.get('/dev/null')!.specialDevice, 0x103);
  assert.equal(tree.get('/run/pipe')!.kind, 'fifo');
  assert.deepEqual(
    [...tree.get('/run/socket')!.attributes],
    [
      ['user.one', Buffer.from('plain\0')],
      ['user.two', Buffer.alloc(0)],
    ],
  );
  assert.ok(tree.has('/odd na\\me\udcff'));
});

test('a mistake is told with its line', () => {
  const mistakes: readonly (readonly [string, RegExp])[] = [
    ['| text', /t:1: a line of content without an entry/],
    ['/a\n/a', /t:2: \/a is here twice/],
    ['/a/\n| text', /t:2: a directory has no content/],
    ['/a -> b\n| text', /t:2: a symlink has no content/],
    ['/a\nnonsense', /t:2: neither/],
    ['/a\n|text', /t:2: neither/],
    ['/a colour=red', /t:1: what is "colour=red"/],
    ['/a 9999', /t:1: what is "9999"/],
    ['/a size=many', /t:1: not a number/],
    ['/a mtime=tomorrow', /t:1: not a time/],
    ['/dev/a block=x', /t:1: not a device/],
    ['/a/../b', /t:1: .* is not a plain absolute path/],
    ['/a//b', /t:1: .* is not a plain absolute path/],
    ['/a\\x00b', /t:1: .* is not a plain absolute path/],
    ['/a\n\\ \\q', /t:2: unknown escape \\q/],
    ['/a\n999999999| long', /t:2: more than 67108864 bytes/],
  ];
  for (const [text, error] of mistakes) assert.throws(() => parseTree(text, 't'), error, text);
  assert.throws(() => new MemoryHost(parseTree('/a\n/a/b')), /not a directory/);
});

test('trees merge, directories may meet', () => {
  const merged = mergeTrees([parseTree('/etc/ 0700\n/etc/a\n| 1'), parseTree('/etc/ 0711\n/etc/b\n| 2')]);
  assert.deepEqual([...merged.keys()], ['/etc', '/etc/a', '/etc/b']);
  assert.equal(merged.get('/etc')!.mode, 0o711);
  assert.throws(() => mergeTrees([parseTree('/a'), parseTree('/a')]), /\/a is in two trees/);
  assert.throws(() => mergeTrees([parseTree('/a/'), parseTree('/a')]), /\/a is in two trees/);
});

test('any tree is read back as it was printed', () => {
  const random = generator(42);
  for (let round = 0; round < 500; round++) {
    const tree = randomTree(random);
    const printed = printTree(tree);
    assert.deepEqual(parseTree(printed), tree, printed);
    assert.equal(printTree(parseTree(printed)), printed);
  }
});

test('text that is no tree fails as a mistake does, or is one', () => {
  const random = generator(7);
  const pieces = [
    '/',
    'a',
    ' ',
    '->',
    ' -> ',
    '\\',
    '\\x',
    '|',
    '| ',
    '=',
    '@',
    '@ ',
    '\n',
    '\n/',
    '0',
    '9:9',
    'size=',
    'fifo',
    '\ud800',
    '%',
    '\t',
  ];
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: 1 + random(30) }, () => pieces[random(pieces.length)]).join('');
    try {
      const tree = parseTree(text, 't');
      assert.deepEqual(parseTree(printTree(tree)), tree, text);
    } catch (cause) {
      assert.match((cause as Error).message, /^t:\d+: /, `${JSON.stringify(text)}: ${(cause as Error).stack}`);
    }
  }
});

test('a tree on disk is what it says', () => {
  const root = mkdtempSync(join(tmpdir(), 'osquery-tree-'));
  try {
    const skipped = writeTree(
      parseTree(
        '/etc/ 0711 mtime=1000\n/etc/a 0604 mtime=2000 atime=3000\n| text\n/etc/l mtime=4000 -> a\n/p fifo\n/e error=EIO\n',
      ),
      root,
    );
    assert.deepEqual(skipped, ['/p', '/e']);
    const stats = ['etc', 'etc/a', 'etc/l'].map((path) => lstatSync(join(root, path)));
    assert.deepEqual(
      stats.map(({ mode, mtimeMs }) => [mode & 0o777, mtimeMs / 1000]),
      [
        [0o711, 1000],
        [0o604, 2000],
        [0o777, 4000],
      ],
    );
    assert.equal(stats[1]!.atimeMs, 3_000_000);
    assert.equal(readFileSync(join(root, 'etc/a'), 'utf8'), 'text\n');
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('every machine of tests/machines loads, and prints as it is', () => {
  for (const name of machineNames()) {
    const tree = loadTree(name);
    assert.deepEqual(parseTree(printTree(tree)), tree, name);
    assert.ok(loadMachine(name).files.stat('/').kind === 'directory');
  }
});

/** A small linear congruential generator (Numerical Recipes): the same numbers on every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomTree(random: (below: number) => number): Tree {
  const bytes = (length: number) =>
    Buffer.from(Array.from({ length }, () => (random(3) === 0 ? random(256) : 32 + random(95))));
  const name = () =>
    decodeText(bytes(1 + random(8)))
      .replaceAll(/[/\0]/g, 'x')
      .replace(/^\.\.?$/, 'dot');
  const text = () => decodeText(bytes(1 + random(20)));
  const tree = new Map<string, TreeNode>();
  for (let count = random(6); count >= 0; count--) {
    const kind = (['regular', 'directory', 'symlink', 'block', 'character', 'fifo', 'socket'] as const)[random(7)]!;
    const device = kind === 'block' || kind === 'character';
    tree.set(`/${Array.from({ length: 1 + random(3) }, name).join('/')}`, {
      kind,
      mode: random(0o10000),
      uid: random(2 ** 32),
      gid: random(70_000),
      mtime: random(3) === 0 ? random(1000) - 500 : 1_704_067_200 + random(1e6),
      ...(random(2) === 0 && { atime: random(1e9) / 8 }),
      ...(random(2) === 0 && { size: random(1e6) }),
      ...(random(2) === 0 && { inode: random(2 ** 32) }),
      ...(random(4) === 0 && { error: 'EACCES' }),
      ...(kind === 'symlink' && { target: text() }),
      ...(device && random(2) === 0 && { specialDevice: 1 + random(2 ** 31) }),
      content: kind === 'regular' ? bytes(random(3) === 0 ? 0 : random(300)) : Buffer.alloc(0),
      attributes: new Map(random(3) === 0 ? [[`user.${name()}`, bytes(random(20))]] : []),
    });
  }
  return tree;
}
