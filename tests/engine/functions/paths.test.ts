import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HostError } from '../../../src/base/errors.ts';
import type { SqlValue } from '../../../src/engine/functions/function.ts';
import type { FileKind, FileStat } from '../../../src/host/host.ts';
import { engineWithFunctions, valueIn } from './support.ts';

const FILES: ReadonlyMap<string, FileKind> = new Map([
  ['/opt', 'directory'],
  ['/opt/my', 'regular'],
  ['/opt/my tool', 'regular'],
  ['/opt/a b c', 'regular'],
  ['/opt/say "hi"', 'regular'],
]);

const asked: string[] = [];
const { engine } = engineWithFunctions({
  files: {
    stat(path) {
      asked.push(path);
      const kind = FILES.get(path);
      if (kind === undefined) throw new HostError('ENOENT', path, 'stat');
      return { kind } as FileStat;
    },
  },
});
const value = (expression: string) => valueIn(engine, expression);

const CASES: readonly [string, SqlValue][] = [
  ["find_file_path_in_cmd('/opt/my --flag')", '/opt/my'],
  // The shortest one, which is what the kernel would not mean but a shell would.
  ["find_file_path_in_cmd('/opt/my tool --flag')", '/opt/my'],
  ["find_file_path_in_cmd('/opt/a b c --flag')", '/opt/a b c'],
  ["find_file_path_in_cmd('  /opt/my')", '/opt/my'],
  ["find_file_path_in_cmd('/opt x')", ''],
  ["find_file_path_in_cmd('my tool')", ''],
  ["find_file_path_in_cmd('')", ''],
  [String.raw`find_file_path_in_cmd('/opt/my\ tool x')`, '/opt/my tool'],
  ['find_file_path_in_cmd(\'"/opt/my tool" x\', 1)', '/opt/my tool'],
  ['find_file_path_in_cmd(\'"/opt/my tool" x\', 0)', ''],
  ["find_file_path_in_cmd('/opt/my^ tool x', 0, '^')", '/opt/my tool'],
  [String.raw`find_file_path_in_cmd('/opt/say\ \"hi\" x', 1)`, '/opt/say "hi"'],

  ["is_path_deterministic('/opt/my --flag')", 1],
  ["is_path_deterministic('/opt/my tool')", 0],
  ["is_path_deterministic('/opt/a b c')", 1],
  ["is_path_deterministic('/none at all')", 1],
  ['is_path_deterministic(\'"/opt/my tool"\', 1)', 1],

  ["parent_directory('/usr/lib/os-release')", '/usr/lib'],
  ["parent_directory('/usr')", ''],
  ["parent_directory('relative/file')", 'relative'],
  ["parent_directory('file')", null],
];

for (const [expression, expected] of CASES) test(expression, () => assert.equal(value(expression), expected));

describe('errors', () => {
  const cases: readonly [string, RegExp][] = [
    ['find_file_path_in_cmd()', /Invalid inputs to find_binary_path_from_cmd/],
    ['find_file_path_in_cmd(NULL)', /Invalid inputs to find_binary_path_from_cmd/],
    ["find_file_path_in_cmd('x', 1, 'ab')", /Invalid inputs to find_binary_path_from_cmd/],
    ["is_path_deterministic('x', NULL)", /Invalid inputs to is_path_deterministic/],
    ['parent_directory(NULL)', /Invalid inputs to parent_directory, TEXT was expected/],
    ['parent_directory(1)', /Invalid inputs to parent_directory, TEXT was expected/],
  ];
  for (const [call, message] of cases) test(call, () => assert.throws(() => value(call), message));
});

test('no path longer than the kernel takes is looked for', () => {
  asked.length = 0;
  assert.equal(value("find_file_path_in_cmd('/' || replace(hex(zeroblob(500000)), '00', 'a '))"), '');
  assert.ok(asked.length > 2000 && asked.length < 4096);
  assert.ok(asked.every((path) => path.length <= 4096));
});

test('without a machine no file exists', () => {
  const nowhere = engineWithFunctions({ files: undefined }).engine;
  assert.equal(valueIn(nowhere, "find_file_path_in_cmd('/bin/sh -c true')"), '');
});
