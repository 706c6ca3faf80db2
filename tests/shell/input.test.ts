import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isBlank, isComplete, words } from '../../src/shell/input.ts';

describe('a semicolon ends a statement', () => {
  for (const [sql, complete] of [
    ['select 1;', true],
    ['select 1; ', true],
    ['select 1; -- done', true],
    ['select 1; /* done */\n', true],
    [';', true],
    ['select 1', false],
    ['select 1; select 2', false],
    ["select ';", false],
    ["select 'it''s;", false],
    ["select 'it''s;';", true],
    ['select ";"', false],
    ['select [;', false],
    ['select `a;`;', true],
    ['select 1 -- ;', false],
    ['select 1 /* ;', false],
    ['select 1 /* ; */;', true],
    ['create trigger t after insert on u begin select 1;', false],
    ['create temp trigger t after insert on u begin select 1; end;', true],
    ['create trigger t after insert on u begin select case 1 when 1 then 2 end; end;', true],
    ['', false],
  ] as const) {
    test(JSON.stringify(sql), () => assert.equal(isComplete(sql), complete));
  }
});

test('blank is white space and finished comments', () => {
  assert.deepEqual([' \t', '-- a', '/* a */ -- b', '/* a', ';', 'a'].map(isBlank), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('words of a dot-command', () => {
  assert.deepEqual(words('a  b\tc'), ['a', 'b', 'c']);
  assert.deepEqual(words(`'a b' "c d"`), ['a b', 'c d']);
  assert.deepEqual(words(String.raw`"a\tb" "\"" 'c\td' \n`), ['a\tb', '"', String.raw`c\td`, '\n']);
  assert.deepEqual(words(`'open`), ['open']);
  assert.deepEqual(words(''), []);
});
