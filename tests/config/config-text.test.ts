import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/base/errors.ts';
import { parseConfigText } from '../../src/config/config-text.ts';

const parse = (text: string) => parseConfigText(text, '/etc/x.conf');

test('comments and joined lines, as osquery has them', () => {
  const text = [
    '// a comment',
    '{',
    '  # another, with "quotes" and }',
    '  "query": "select 1, \\',
    '# not a comment: the line before goes on \\',
    '  2",',
    '  "url": "https://example.org/#here"',
    '}',
  ].join('\n');
  assert.deepEqual(parse(text), {
    query: 'select 1, # not a comment: the line before goes on   2',
    url: 'https://example.org/#here',
  });
});

test('joined lines', () => {
  assert.deepEqual(parse('{"a": "x \\\n y \\\nz"}'), { a: 'x  y z' });
});

test('numbers keep all their digits', () => {
  assert.deepEqual(parse('{"epoch": 18446744073709551615, "a": [-9007199254740993, 7], "b": 1e99}'), {
    epoch: '18446744073709551615',
    a: ['-9007199254740993', 7],
    b: 1e99,
  });
});

test('a mistake is told with its line, not with what stands there', () => {
  const cases: [string, string][] = [
    ['{"secret": hunter2}', '/etc/x.conf:1: not JSON: what stands here does not belong here'],
    ['{\n# c\n"a": 1,\n"b": hunter2\n}', '/etc/x.conf:4: not JSON: what stands here does not belong here'],
    ['{\n"a": "x \\\n y",\n"b" 1}', "/etc/x.conf:4: not JSON: Expected ':' after property name"],
    ['{"a": 1', '/etc/x.conf:1: not JSON: Expected '],
    ['', '/etc/x.conf:1: not JSON: Unexpected end of JSON input'],
    ['{} {}', '/etc/x.conf:1: not JSON: Unexpected non-whitespace character'],
    ['[1]', '/etc/x.conf: not an object'],
    ['"hunter2"', '/etc/x.conf: not an object'],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parse(text),
      (cause: Error) =>
        cause instanceof UserError && cause.message.startsWith(message) && !cause.message.includes('hunter2'),
      text,
    );
  }
});

test('bounded in length and depth', () => {
  assert.throws(() => parse(`{"a": "${'x'.repeat(4 * 1024 * 1024)}"}`), /more than 4194304 characters/);
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  assert.ok(parse(nested(32)));
  assert.throws(() => parse(nested(33)), /more than 32 levels/);
  assert.throws(() => parse(nested(100_000)), /more than 32 levels/);
});

test('a key is a key, whatever its name', () => {
  const object = parse('{"__proto__": {"a": 1}, "constructor": 2}');
  assert.deepEqual(Object.keys(object), ['__proto__', 'constructor']);
});
