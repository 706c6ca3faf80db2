import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { Screen } from '../../src/shell/interactive/screen.ts';
import { printerFor } from '../../src/shell/printers/index.ts';
import { visible } from '../../src/shell/terminal-text.ts';

/** What a terminal was given by both streams, in order; rows come out of their buffer when it is flushed. */
class Shown {
  text = '';
  #buffer = '';
  readonly out = {
    write: (text: string) => {
      this.#buffer += text;
    },
    flush: () => {
      this.text += this.#buffer;
      this.#buffer = '';
    },
  };
  readonly err = {
    write: (text: string) => {
      this.text += text;
    },
  };

  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}

const CLEAR = '\r\x1b[K';
const TERMINALS = { out: true, err: true };

describe('progress', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval', 'Date'] }));
  afterEach(() => mock.timers.reset());

  test('comes after a second, counts, and is wiped at the end', () => {
    const shown = new Shown();
    const { progress } = new Screen(shown.out, shown.err, TERMINALS);
    progress!.start();
    mock.timers.tick(999);
    assert.equal(shown.take(), '');
    progress!.rows(1234);
    mock.timers.tick(1);
    assert.equal(shown.take(), '1,234 rows, 1.0 s (Ctrl-C stops)');
    mock.timers.tick(200);
    assert.equal(shown.take(), `${CLEAR}1,234 rows, 1.2 s (Ctrl-C stops)`);
    progress!.stop();
    assert.equal(shown.take(), CLEAR);
    mock.timers.tick(5000);
    assert.equal(shown.take(), '');
  });

  test('leaves no trace of a short query', () => {
    const shown = new Shown();
    const { progress } = new Screen(shown.out, shown.err, TERMINALS);
    progress!.start();
    mock.timers.tick(900);
    progress!.stop();
    progress!.start();
    mock.timers.tick(900);
    progress!.stop();
    assert.equal(shown.text, '');
  });

  test('makes room for rows and messages, and shows rows that wait', () => {
    const shown = new Shown();
    const { out, err, progress } = new Screen(shown.out, shown.err, TERMINALS);
    progress!.start();
    mock.timers.tick(1000);
    shown.take();
    out.write('row\n');
    mock.timers.tick(200);
    assert.equal(shown.take(), `${CLEAR}row\n0 rows, 1.2 s (Ctrl-C stops)`);
    err.write('Warning: w\n');
    assert.equal(shown.take(), `${CLEAR}Warning: w\n`);
    progress!.stop();
  });

  test('keeps away from a line that is not finished', () => {
    const shown = new Shown();
    const { out, err, progress } = new Screen(shown.out, shown.err, TERMINALS);
    progress!.start();
    out.write('[\n  {"a":"1"}');
    mock.timers.tick(1400);
    assert.equal(shown.take(), '[\n  {"a":"1"}');
    err.write('Error: e\n');
    assert.equal(shown.take(), '\nError: e\n');
    progress!.stop();
  });

  test('is for terminals', () => {
    const shown = new Shown();
    assert.equal(new Screen(shown.out, shown.err, { out: true, err: false }).progress, undefined);
  });
});

test('rows come before the message that follows them', () => {
  const shown = new Shown();
  const { out, err } = new Screen(shown.out, shown.err, TERMINALS);
  out.write('row\n');
  err.write('Error: e\n');
  assert.equal(shown.text, 'row\nError: e\n');
});

test('the prompt begins a line', () => {
  const shown = new Shown();
  const screen = new Screen(shown.out, shown.err, TERMINALS);
  screen.out.write('half');
  screen.finishLine();
  screen.finishLine();
  assert.equal(shown.text, 'half\n');
});

test('what is not a terminal gets the text as it is', () => {
  const shown = new Shown();
  const screen = new Screen(shown.out, shown.err, { out: false, err: false });
  screen.out.write('\x1b[31mhalf');
  screen.finishLine();
  screen.err.write('\x07');
  assert.equal(shown.text, '\x1b[31mhalf\x07');
});

test('control characters become visible, one cell each', () => {
  assert.equal(visible('plain\tünd\n日本 😀'), 'plain\tünd\n日本 😀');
  assert.equal(visible('\x1b]0;title\x07\x00\r\x7f'), '␛]0;title␇␀␍␡');
  assert.equal(visible('\x9b31m\udc9b'), '\ufffd31m\ufffd');
});

test('what turns or hides the text around it becomes visible, emoji and accents stay', () => {
  assert.equal(visible('\u202egpj.exe'), '\\u202egpj.exe');
  assert.equal(visible('a\u200eb\u200fc\u061cd\u2066e\u2069f'), 'a\\u200eb\\u200fc\\u061cd\\u2066e\\u2069f');
  assert.equal(visible('id\u200b_rsa\u00ad\ufeff'), 'id\\u200b_rsa\\u00ad\\ufeff');
  assert.equal(visible('a\u2028b\u2029c\u3164d\u{e0041}'), 'a\\u2028b\\u2029c\\u3164d\\udb40\\udc41');
  assert.equal(visible('שלום é e\u0301 ✔️ 🇩🇪'), 'שלום é e\u0301 ✔️ 🇩🇪');
});

test('a line break in a cell makes no row on a terminal, in any mode for people', () => {
  for (const mode of ['pretty', 'column', 'line', 'list'] as const) {
    const shown = new Shown();
    const screen = new Screen(shown.out, shown.err, TERMINALS);
    const printer = printerFor(mode, screen.out, { header: true, separator: '|', nullValue: '', widths: [] });
    printer.begin();
    printer.columns(['name', 'n']);
    printer.row(['a |\n| etc\r\t\u202ex', null]);
    printer.end();
    screen.finishLine();
    assert.ok(shown.text.includes('a |␊| etc␍␉\\u202ex'), mode);
    assert.doesNotMatch(shown.text, /^\| etc/m);
    const lines = shown.text.trimEnd().split('\n');
    if (mode === 'pretty') assert.ok(lines.every(({ length }) => length === lines[0]!.length));
  }
});

test('modes for programs have line breaks as they are', () => {
  for (const [mode, expected] of [
    ['csv', '"a\nb"'],
    ['json', '"a\\nb"'],
  ] as const) {
    const shown = new Shown();
    const screen = new Screen(shown.out, shown.err, TERMINALS);
    const printer = printerFor(mode, screen.out, { header: true, separator: '|', nullValue: '', widths: [] });
    printer.begin();
    printer.columns(['name']);
    printer.row(['a\nb']);
    printer.end();
    screen.finishLine();
    assert.ok(shown.text.includes(expected), mode);
  }
});

test('what is not a terminal gets cells as they are', () => {
  const shown = new Shown();
  const screen = new Screen(shown.out, shown.err, { out: false, err: false });
  const printer = printerFor('list', screen.out, { header: false, separator: '|', nullValue: '', widths: [] });
  printer.begin();
  printer.columns(['name']);
  printer.row(['a\nb\u202e']);
  printer.end();
  screen.finishLine();
  assert.equal(shown.text, 'a\nb\u202e\n');
});
