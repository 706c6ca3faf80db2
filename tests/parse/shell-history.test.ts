/** Entries of shells' histories, as bash 5.2 and zsh 5.9 wrote them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeText } from '../../src/base/text.ts';
import { parseShellHistory } from '../../src/parse/shell-history.ts';

const entries = (content: string, zsh = false) =>
  [...parseShellHistory(content, zsh)].map(({ time, command }) => [time, command]);

test('bash: what lies between two times is one command', () => {
  assert.deepEqual(entries('old\n#1\nfor i in 1\ndo x\ndone\n#2\nls\n'), [
    [0, 'old'],
    [1, 'for i in 1\ndo x\ndone'],
    [2, 'ls'],
  ]);
  assert.deepEqual(entries('#1\n#2\na\n#3'), [[2, 'a']]);
  assert.deepEqual(entries('a\n#no time\n#\nb'), [
    [0, 'a'],
    [0, '#no time'],
    [0, '#'],
    [0, 'b'],
  ]);
});

test('tcsh: a time is that of one line', () => {
  assert.deepEqual(entries('#+1\na\nb\n'), [
    [1, 'a'],
    [0, 'b'],
  ]);
});

test('zsh: continued lines, a backslash at the end, bytes that it changed', () => {
  const file = Buffer.from(
    ': 1796076513:0;echo \xc3\x83\xa3 \xc3\xa4 \xe4\xb8\xad \xe2\x98\x83\xa3 \xc3\xb0\n' +
      ': 1796076513:0;for i in 1 2\\\ndo echo $i\\\ndone\n: 1796076514:0;echo a\\\\ \n: 1796076515:0;echo b\\\\\nc\n',
    'latin1',
  );
  const expected = [
    [1796076513, 'echo Ã ä 中 ☃ ð'],
    [1796076513, 'for i in 1 2\ndo echo $i\ndone'],
    [1796076514, 'echo a\\\\'],
    [1796076515, 'echo b\\\nc'],
  ];
  assert.deepEqual(entries(decodeText(file), true), expected);
  // Of a file with another name, too: its first line says whose it is.
  assert.deepEqual(entries(decodeText(file)), expected);
  assert.deepEqual(entries('echo 1\\\n2\nls\n', true), [
    [0, 'echo 1\n2'],
    [0, 'ls'],
  ]);
  assert.deepEqual(entries('echo 1\\', true), [[0, 'echo 1']]);
});

test('an entry has a bound; nothing is lost', () => {
  const long = `${'x'.repeat(999)}\n`.repeat(400);
  for (const [content, zsh] of [
    [`#7\n${long}`, false],
    [long.replaceAll('\n', '\\\n'), true],
  ] as const) {
    const found = entries(content, zsh);
    assert.ok(found.length > 2 && found.every(([, command]) => `${command}`.length <= 130 * 1024));
    assert.equal(found.map(([, command]) => `${command}`.replaceAll(/[\\\n]/g, '')).join('').length, 399_600);
    if (!zsh) assert.deepEqual([...new Set(found.map(([time]) => time))], [7]);
  }
});
