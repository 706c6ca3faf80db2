import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SqlValue } from '../../../src/engine/functions/function.ts';
import { engineWithFunctions, valueIn } from './support.ts';

const { engine } = engineWithFunctions();
const value = (expression: string) => valueIn(engine, expression);

const CASES: readonly [string, SqlValue][] = [
  ['concat()', null],
  ['concat(NULL)', ''],
  ["concat(1, 2.5, 'go', NULL)", '12.5go'],
  ["concat_ws(', ', 'a', 1, 2)", 'a, 1, 2'],
  ["concat_ws('', 'a', 'b')", 'ab'],
  ["concat_ws(NULL, 'a', 'b')", 'ab'],
  ["concat_ws('-', '', '')", '-'],
  ["concat_ws('-', 'a', NULL)", 'a'],
  ["concat_ws('-')", null],

  ["split('/usr/bin', '/', 0)", 'usr'],
  ["split('/usr/bin', '/', 2)", null],
  ["split('a;;b', ';;', 1)", 'b'],
  ["split(' a , b ', ',', 1)", 'b'],
  ["split('a,b', ',', '1')", 'b'],
  ["split('a,b', ',', -1)", null],
  ["split('a→b', '→', 1)", 'b'],
  ["split('a, ,b', ',', 1)", ''],
  ["split(NULL, ',', 0)", null],
  ["split('', ',', 0)", null],

  ["leftstr('日本語', 2)", '日本'],
  ["leftstr('abc', -1)", ''],
  ["leftstr('abc', 9)", 'abc'],
  ["rightstr('a😀b', 2)", '😀b'],
  ["rightstr('abc', 0)", ''],
  ["charindex('b', 'abcb')", 2],
  ["charindex('b', 'abcb', 3)", 4],
  ["charindex('c', '😀bc')", 3],
  ["charindex('x', 'abc')", 0],
  ["reverse('a😀b')", 'b😀a'],
  ["proper('new york CITY')", 'New York City'],
  ["padl('ab', 4)", '  ab'],
  ["padr('ab', 4)", 'ab  '],
  ["padc('ab', 5)", ' ab  '],
  ["padl('abc', 2)", 'abc'],
  ["strfilter('a1b2', '12')", '12'],
  ["replicate('ab', 0)", ''],
  ['replicate(NULL, 2)', null],

  ["soundex('Tymczak')", 'T522'],
  ["soundex('Pfister')", 'P236'],
  ["soundex('A-b1b')", 'A110'],
  ["soundex('')", '?000'],
  ['soundex(NULL)', '?000'],
  ["difference('Robert', 'Rupert')", 4],
  ["difference('abc', NULL)", null],

  ["md5(x'00')", '93b885adfe0da089cdf634904fd59f71'],
  ["sha1(x'ff')", '85e53271e14006f0265921d02d4d736cdc580b0b'],
  ["sha256('')", 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['md5(NULL)', null],

  ["to_base64(x'ff00')", '/wA='],
  ["hex(from_base64('/wA='))", 'FF00'],
  ["from_base64('aGVs' || char(13, 10) || 'bG8')", 'hello'],
  ["from_base64('YQ==YQ==')", ''],
  ["from_base64('a')", ''],
  ["from_base64('====')", ''],
  ["conditional_to_base64('~ !')", '~ !'],
  ["conditional_to_base64('a' || char(9))", 'YQk='],
  ["conditional_to_base64('a' || char(127))", 'YX8='],
];

for (const [expression, expected] of CASES) test(expression, () => assert.equal(value(expression), expected));

describe('errors', () => {
  const cases: readonly [string, RegExp][] = [
    ['concat_ws()', /Missing separator to concat_ws/],
    ["split('a', '', 0)", /Invalid input to split function/],
    ["replicate('ab', 1000000000)", /text of more than 16777216 characters/],
    ["replicate('abc', 16000000)", /text of more than 16777216 characters/],
    ["padl('', 1e18)", /text of more than 16777216 characters/],
  ];
  for (const [call, message] of cases) test(call, () => assert.throws(() => value(call), message));
});
