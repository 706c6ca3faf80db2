import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaraIncludes } from '../../src/parse/yara-include.ts';

const includes = (text: string) => parseYaraIncludes(text, 'x.yar').includes.map(({ path, line }) => `${line} ${path}`);

test('includes between rules, with blanks in their place', () => {
  const source = 'import "pe"\ninclude "a.yar" include\n"b/c.yar"\nrule x { condition: true }\ninclude "/d"\n';
  const { text } = parseYaraIncludes(source, 'x.yar');
  assert.deepEqual(includes(source), ['2 a.yar', '2 b/c.yar', '5 /d']);
  assert.equal(text, 'import "pe"\n                       \n         \nrule x { condition: true }\n            \n');
  assert.equal(text.length, source.length);
});

test('what only looks like one', () => {
  for (const text of [
    '// include "a"\n',
    '/* include "a"\n include "b" */',
    'rule x { meta: m = "include \\"a\\"" condition: include "a" }',
    'rule x { strings: $a = /"{ \\/include "a"/ $b = "}" condition: $a }',
    'rule x { strings: $h = { 4D 5A } condition: pe.name matches /}"/ include "a" }',
    'including "a"',
    'include',
    'include "a',
    '/* include "a"',
  ]) {
    assert.deepEqual(parseYaraIncludes(text, 'x.yar'), { text, includes: [] }, text);
  }
});

test('after a rule with what opens and closes in strings, regular expressions and divisions', () => {
  const rules = [
    'rule x { strings: $a = "{" $b = /[{"]/ $c = { 4D [2-4] ( 5A | 00 ) } condition: filesize / 2 > 4 and $a }',
    'rule y { condition: for any s in ("{", "}") : (pe.name matches /^{/ or s == "\\"") }',
    '// {\nrule z { condition: true /* { */ }',
  ];
  for (const rule of rules) assert.equal(includes(`${rule}\ninclude "a"`).length, 1, rule);
});

test('ten thousand are enough', () => {
  assert.throws(
    () => parseYaraIncludes('include "a"\n'.repeat(10_001), 'x.yar'),
    /^MalformedInput: x\.yar: line 10001/,
  );
});
