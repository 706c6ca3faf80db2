import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { engineWithFunctions, valueIn } from './support.ts';

const { engine } = engineWithFunctions();
const value = (expression: string) => valueIn(engine, expression);

describe('regex_match', () => {
  const cases: readonly [string, string | null][] = [
    [String.raw`'2026-11-23T08', '(\d+)-(\d+)', 0`, '2026-11'],
    [String.raw`'2026-11-23T08', '(\d+)-(\d+)', 2`, '11'],
    [String.raw`'2026-11-23T08', '(\d+)-(\d+)', 3`, null],
    [String.raw`'2026-11-23T08', '(\d+)-(\d+)', -1`, null],
    ["'abc', '', 0", ''],
    ["'abc', '|', 0", ''],
    // A group that took no part.
    ["'abc', '(x)?b', 1", ''],
    ["'abc', 'x', 0", null],
    ["NULL, 'x', 0", null],
    ["'x', NULL, 0", null],
    ["'x', 'x', NULL", null],
    ["'日本語', '本(.)', 1", '語'],
    ["'/opt/tool/run.tar.gz', '.+/([^./]+)', 1", 'run'],
    ["'key=A', '=[[:upper:]]$', 0", '=A'],
    [String.raw`'aA', '\u0041', 0`, 'A'],
    ["'first line' || char(10) || 'second', '^second', 0", null],
    ["'aaa', 'a+?', 0", 'a'],
  ];
  for (const [args, expected] of cases) test(args, () => assert.equal(value(`regex_match(${args})`), expected));

  test('bytes that are not UTF-8 stay as they are', () => {
    assert.equal(value("hex(regex_match(cast(x'61ff62' as text), 'a(.)b', 1))"), 'FF');
  });
});

describe('regex_split', () => {
  const cases: readonly [string, string | null][] = [
    ["'/etc/ssh', '/', 0", ''],
    ["'/etc/ssh', '/', 2", 'ssh'],
    ["'/etc/ssh', '/', 3", null],
    ["'/etc/', '/', 2", null],
    ["'a;b//c', '(;|/)+', 2", 'c'],
    ["'abc', 'x', 0", 'abc'],
    ["'abc', 'x', 1", null],
    ["'', ',', 0", ''],
    ["'abc', '|', 0", ''],
    ["'abc', '|', 1", 'a'],
    ["'abc', ',', -1", null],
    ["'abc', ',', NULL", null],
  ];
  for (const [args, expected] of cases) test(args, () => assert.equal(value(`regex_split(${args})`), expected));

  test('an empty pattern is an error', () => {
    assert.throws(() => value("regex_split('a', '', 0)"), /Invalid input to split function/);
  });
});

test('REGEXP looks anywhere in the text', () => {
  assert.equal(value("'osquery' REGEXP 'q.e'"), 1);
  assert.equal(value("'osquery' REGEXP '^q'"), 0);
  assert.equal(value("'osquery' NOT REGEXP '^q'"), 1);
  assert.equal(value("NULL REGEXP 'a'"), null);
});

describe('a pattern that cannot be run', () => {
  const cases: readonly [string, RegExp][] = [
    ['(/', /^Invalid regex$/],
    ['+', /^Invalid regex$/],
    ['[z-a]', /^Invalid regex$/],
    ['(?=a)', /^Invalid regex: look-around and backreferences are not supported$/],
    ['(?<!a)b', /^Invalid regex: look-around and backreferences are not supported$/],
    ['a{1001}', /^Invalid regex$/],
    [String.raw`(a)\1`, /^Invalid regex: look-around and backreferences are not supported$/],
    ['|'.repeat(257), /^Invalid regex: too big, max size is 256 bytes$/],
    // Counted in bytes.
    ['é'.repeat(129), /^Invalid regex: too big/],
    ['(a{0,1000})'.repeat(12), /^Invalid regex: its repetitions are too many$/],
  ];
  for (const [pattern, message] of cases) {
    test(pattern.slice(0, 24), () => {
      for (const call of [`regex_match('a', '${pattern}', 0)`, `regex_split('a', '${pattern}', 0)`]) {
        assert.throws(
          () => value(call),
          (error: Error) => message.test(error.message),
        );
      }
    });
  }

  test('256 bytes are allowed, and another bound can be set', () => {
    assert.equal(value(`regex_match('${'a'.repeat(256)}', '${'a'.repeat(256)}', 0)`), 'a'.repeat(256));
    const small = engineWithFunctions({ regexMaxSize: 2 }).engine;
    assert.equal(valueIn(small, "'abc' regexp 'ab'"), 1);
    assert.throws(() => valueIn(small, "'abc' regexp 'abc'"), /max size is 2 bytes/);
  });
});

describe('time', () => {
  test('what makes a backtracking engine exponential is quick', () => {
    const text = "replace(hex(zeroblob(50000)), '0', 'a')";
    for (const pattern of ['(a*)*b', '(a|a)*[bc]', '(a+)+$b', '(.*)(.*)(.*)(.*)[xy]']) {
      assert.equal(value(`${text} REGEXP '${pattern}'`), 0);
    }
  });
  test('a pattern too large for a text is refused before it runs', () => {
    assert.throws(
      () => value("hex(zeroblob(500000)) REGEXP '(\\w{0,999})(\\w{0,999})[!?]'"),
      /too complex for a text of 1000000/,
    );
  });
  test('a split asks between matches whether to stop', () => {
    let asked = 0;
    const stopping = engineWithFunctions({
      check() {
        if (++asked === 3) throw new Error('interrupted');
      },
    }).engine;
    assert.throws(() => valueIn(stopping, "regex_split('a,b,c,d,e', ',', 4)"), /interrupted/);
  });
});

test('more patterns than are kept compiled still work', () => {
  const sum = 'with recursive n(i) as (values (1) union all select i + 1 from n where i < 60) select sum';
  assert.deepEqual(engine.query(`${sum}('k' || i REGEXP ('^k' || i || '$')) from n`).rows, [[60]]);
});
