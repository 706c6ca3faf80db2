import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarTime } from '../../src/base/calendar-time.ts';
import { batchLine, eventLines, type LogHead } from '../../src/results/log-lines.ts';
import { type LoggedCell, type RowText, rowEncoder, withTexts } from '../../src/results/row.ts';
import { random } from '../engine/support.ts';

const integer = (text: string): LoggedCell => ({ text, type: 'INTEGER' });
const real = (text: string): LoggedCell => ({ text, type: 'REAL' });
const text = (value: string): LoggedCell => ({ text: value, type: 'TEXT' });
const NULL: LoggedCell = { text: null, type: 'NULL' };

/** A row of cells by name. */
function row(cells: Readonly<Record<string, LoggedCell>>): RowText {
  return rowEncoder(Object.keys(cells))(Object.values(cells));
}

test('keys are in the order of their bytes, and the last of two equal names counts', () => {
  assert.equal(
    row({ b: integer('1'), a: text('x'), B: text('y'), é: text('z'), '\ud83d\ude00': text('') }),
    '{"B":"y","a":"x","b":1,"é":"z","😀":""}',
  );
  assert.equal(rowEncoder(['a', 'a'])([integer('1'), integer('2')]), '{"a":2}');
  assert.equal(rowEncoder([])([]), '{}');
});

test('numbers keep all their digits', () => {
  const numbers = row({
    max: integer('9223372036854775807'),
    min: integer('-9223372036854775808'),
    pi: real('3.14159265358979'),
    big: real('1.0e+20'),
    whole: real('2.0'),
  });
  assert.equal(
    numbers,
    '{"big":1.0e+20,"max":9223372036854775807,"min":-9223372036854775808,"pi":3.14159265358979,"whole":2.0}',
  );
  assert.equal(
    withTexts(numbers),
    '{"big":"1.0e+20","max":"9223372036854775807","min":"-9223372036854775808","pi":"3.14159265358979","whole":"2.0"}',
  );
});

test('names that are numbers keep their place', () => {
  const numbered = row({ 10: integer('1'), 9: integer('2'), '"1"': integer('3') });
  assert.equal(numbered, '{"\\"1\\"":3,"10":1,"9":2}');
  assert.equal(withTexts(numbered), '{"\\"1\\"":"3","10":"1","9":"2"}');
});

test('what JSON has no number for is a text, NULL the empty one', () => {
  assert.equal(
    row({ a: real('Inf'), b: real('-Inf'), c: NULL, d: text('7'), e: { text: 'x', type: 'BLOB' } }),
    '{"a":"Inf","b":"-Inf","c":"","d":"7","e":"x"}',
  );
});

test('a number and its text are two rows', () => {
  assert.notEqual(row({ a: integer('1') }), row({ a: text('1') }));
  assert.equal(withTexts(row({ a: integer('1') })), withTexts(row({ a: text('1') })));
});

test('anything is valid JSON on one line', () => {
  for (const value of ['"', '\\', '\n', '\0', '\u2028', '\udcff', '</script>', '__proto__', 'é😀']) {
    const made = row({ [value]: text(value), ['__proto__']: text(value) });
    assert.doesNotMatch(made, /\n/);
    const parsed = JSON.parse(made);
    assert.equal(
      Object.getOwnPropertyDescriptor(parsed, '__proto__')?.value ?? parsed[value.toWellFormed()],
      value.toWellFormed(),
    );
    assert.equal(withTexts(made), made);
  }
});

const HEAD: LogHead = {
  name: 'q',
  hostIdentifier: 'h',
  unixTime: 0,
  epoch: 0n,
  counter: 18446744073709551615n,
  decorations: [],
};
const OPTIONS = { numerics: false, decorationsTopLevel: false };

test('without decorations there is no field for them', () => {
  const head =
    '"name":"q","hostIdentifier":"h","calendarTime":"Thu Jan  1 00:00:00 1970 UTC","unixTime":0,"epoch":0,"counter":18446744073709551615,"numerics":false';
  const changes = { added: [row({ a: integer('1') })], removed: [row({ a: integer('2') })] };
  assert.deepEqual(
    [...eventLines(HEAD, changes, OPTIONS)],
    [`{${head},"columns":{"a":"2"},"action":"removed"}`, `{${head},"columns":{"a":"1"},"action":"added"}`],
  );
  assert.equal(
    batchLine(HEAD, changes, OPTIONS),
    `{"diffResults":{"removed":[{"a":"2"}],"added":[{"a":"1"}]},${head}}`,
  );
});

test('calendar time', () => {
  assert.equal(calendarTime(1793523900), 'Sun Nov  1 09:05:00 2026 UTC');
  assert.equal(calendarTime(253402300799), 'Fri Dec 31 23:59:59 9999 UTC');
});

test('a text of any length and of nothing but escapes is gone over once', () => {
  const encode = rowEncoder(['a', 'b']);
  for (const unit of ['\x01', '\\', '"', 'x', '\\"', '1']) {
    const text = unit.repeat(12_000_000 / unit.length);
    const row = encode([
      { text, type: 'TEXT' },
      { text: '-1', type: 'INTEGER' },
    ]);
    const logged = withTexts(row);
    assert.equal(logged.length, row.length + 2, JSON.stringify(unit));
    assert.ok(logged.endsWith(',"b":"-1"}'), JSON.stringify(unit));
  }
});

test('by chance: numbers become texts, and nothing else changes', () => {
  const next = random(7);
  const pieces = ['"', '\\', '\\"', '1', '-', 'e', ',', ':', '{', '}', '\n', '\x01', 'é', '\ud83d\ude00'];
  for (let round = 0; round < 2000; round++) {
    const some = () => Array.from({ length: next() * 8 }, () => pieces[Math.floor(next() * pieces.length)]).join('');
    const cells: [string, LoggedCell][] = [
      [some(), text(some())],
      [some(), real('-12.5e+20')],
      ['7', integer('42')],
    ];
    const row = rowEncoder(cells.map(([name]) => name))(cells.map(([, cell]) => cell));
    const expected = Object.fromEntries(cells.map(([name, cell]) => [name, cell.text]));
    assert.deepEqual(JSON.parse(withTexts(row)), expected, row);
  }
});
