import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Cell, MODES, type Mode, printerFor } from '../../src/shell/printers/index.ts';
import { fit, padEnd, padStart, textWidth } from '../../src/shell/printers/width.ts';

/** What the mode prints for one statement. */
function print(
  mode: Mode,
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
  widths: readonly number[] = [],
) {
  let text = '';
  const out = {
    write: (more: string) => {
      text += more;
    },
  };
  const printer = printerFor(mode, out, { header: true, separator: '|', nullValue: 'NULL', widths });
  printer.begin();
  if (rows.length > 0) printer.columns(names);
  for (const row of rows) printer.row(row);
  printer.end();
  return text;
}

test('the cells of a terminal that a text takes', () => {
  for (const [text, width] of [
    ['', 0],
    ['abc', 3],
    ['ü', 1],
    ['日本', 4],
    ['ｱ', 1],
    ['Ａ', 2],
    ['한', 2],
    ['😀', 2],
    ['e\u0301', 1],
    ['a\u200bb', 2],
    ['\u{20000}', 2],
    ['─', 1],
    ['\udc80', 1],
  ] as const) {
    assert.equal(textWidth(text), width, JSON.stringify(text));
  }
});

test('padded and cut by cells, not by characters', () => {
  assert.equal(padEnd('日', 4), '日  ');
  assert.equal(padStart('日', 4), '  日');
  assert.equal(padEnd('long', 2), 'long');
  assert.equal(fit('日本語', 5), '日本 ');
  assert.equal(fit('日本語', -5), ' 日本');
  assert.equal(fit('e\u0301x', 1), 'e\u0301');
});

describe('modes', () => {
  const names = ['name', 'n'];
  const rows = [
    ['日本', '1'],
    ['e\u0301', null],
  ] as const;
  const expected: Readonly<Record<Mode, string>> = {
    pretty:
      '+------+------+\n| name | n    |\n+------+------+\n| 日本 | 1    |\n| e\u0301    | NULL |\n+------+------+\n',
    column: 'name        n         \n----------  ----------\n日本        1         \ne\u0301           NULL      \n',
    line: ' name = 日本\n    n = 1\n\n name = e\u0301\n    n = NULL\n',
    list: 'name|n\n日本|1\ne\u0301|NULL\n',
    csv: 'name|n\n"日本"|1\n"e\u0301"|NULL\n',
    json: '[\n  {"n":"1","name":"日本"},\n  {"n":"NULL","name":"e\u0301"}\n]\n',
    json_pretty:
      '[\n  {\n    "n": "1",\n    "name": "日本"\n  },\n  {\n    "n": "NULL",\n    "name": "e\u0301"\n  }\n]\n',
  };
  for (const mode of MODES) test(mode, () => assert.equal(print(mode, names, rows), expected[mode]));

  test('widths of column mode', () => {
    assert.equal(print('column', names, rows, [3, -3]), 'nam    n\n---  ---\n日     1\ne\u0301    NUL\n');
  });
});

describe('a pretty table holds back so much', () => {
  const held = (row: string[], count: number) => {
    let lines = 0;
    const out = {
      write: () => {
        lines += 1;
      },
    };
    const printer = printerFor('pretty', out, { header: true, separator: '|', nullValue: '', widths: [] });
    printer.begin();
    printer.columns(row.map((_, i) => `c${i}`));
    for (let i = 0; i < count; i++) printer.row(row);
    return lines === 0;
  };

  test('cells', () => {
    const row = Array.from({ length: 100 }, () => '');
    assert.ok(held(row, 4999));
    assert.ok(!held(row, 5000));
  });

  test('characters', () => {
    const row = ['x'.repeat(1_000_000)];
    assert.ok(held(row, 24));
    assert.ok(!held(row, 25));
  });
});
