import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { parseTree } from '../../src/testing/tree.ts';
import { haveChanged, readRuleFiles } from '../../src/yara/rule-files.ts';

function read(tree: string, ...names: string[]) {
  const complaints: string[] = [];
  const { files } = new MemoryHost(parseTree(tree));
  const { sources, stamps } = readRuleFiles(files, names, (message) => complaints.push(message));
  return { paths: sources.map(({ path }) => path), sources, stamps, complaints };
}

test('files come in order, those that they include before them, each once', () => {
  const { paths, complaints } = read(
    '/r/a.yar\n| include "sub/b.yar"\n/r/sub/b.yar\n| include "c.yar"\n| include "../a.yar"\n/r/sub/c.yar\n| // c\n/r/d.yar\n| include "/r/sub/c.yar"\n',
    '/r/a.yar',
    '/r/d.yar',
    '/r/a.yar',
  );
  assert.deepEqual(paths, ['/r/sub/c.yar', '/r/sub/b.yar', '/r/a.yar', '/r/d.yar']);
  assert.deepEqual(complaints, []);
});

test('a name without a directory is one of /etc/osquery/yara', () => {
  assert.deepEqual(read('/etc/osquery/yara/a.yar\n| // a\n', 'a.yar').paths, ['/etc/osquery/yara/a.yar']);
});

test('what cannot be read is said with its place, and the others are read', () => {
  const { paths, complaints } = read(
    '/r/a.yar\n| // first\n| include "gone.yar"\n/r/compiled.yar\n\\ YARA\\x0b\n/r/bytes.yar\n\\ // one\\n// \\xff\n/r/dir/x\n',
    '/r/none.yar',
    '/r/a.yar',
    '/r/compiled.yar',
    '/r/bytes.yar',
    '/r/dir',
  );
  assert.deepEqual(paths, ['/r/a.yar']);
  assert.deepEqual(complaints, [
    'read /r/none.yar: ENOENT',
    '/r/a.yar:2: read /r/gone.yar: ENOENT',
    '/r/compiled.yar: is compiled; the source of the rules is needed',
    '/r/bytes.yar:2: is not UTF-8',
    'read /r/dir: EISDIR',
  ]);
});

test('includes go no deeper than they may', () => {
  const tree = Array.from({ length: 40 }, (_, i) => `/r/${i}.yar\n| include "${i + 1}.yar"\n`).join('');
  const { paths, complaints } = read(tree, '/r/0.yar');
  assert.equal(paths.length, 33);
  assert.deepEqual(complaints, ['/r/32.yar:1: includes go deeper than 32']);
});

test('a byte order mark is no part of a rule', () => {
  assert.equal(read('/r/a.yar\n\\ \\xef\\xbb\\xbfrule\n', '/r/a.yar').sources[0]!.text, 'rule');
});

test('files have changed when one is newer, larger, gone or there at last', () => {
  const { stamps } = read('/r/a.yar mtime=5\n| include "b.yar"\n', '/r/a.yar');
  const changed = (tree: string) => haveChanged(new MemoryHost(parseTree(tree)).files, stamps);
  assert.equal(changed('/r/a.yar mtime=5\n| include "b.yar"\n'), false);
  assert.equal(changed('/r/a.yar mtime=6\n| include "b.yar"\n'), true);
  assert.equal(changed('/r/a.yar mtime=5\n| include "b.yar" \n'), true);
  assert.equal(changed('/r/a.yar mtime=5\n| include "b.yar"\n/r/b.yar\n'), true);
  assert.equal(changed('/r/c\n'), true);
});
