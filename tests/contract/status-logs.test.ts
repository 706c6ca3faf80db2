/** A status log of osquery 5.23, made again line by line. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { glogHeader, glogLine } from '../../src/loggers/glog.ts';
import { SEVERITIES } from '../../src/loggers/logger.ts';

process.env['TZ'] = 'UTC';
const lines = readFileSync(join(import.meta.dirname, 'reference/daemon-logs/event.INFO'), 'utf8')
  .trimEnd()
  .split('\n');

test('the header', () => {
  const created = Date.UTC(2026, 10, 23, 11, 59, 2);
  assert.equal(glogHeader(created, created - 200, 'host-1'), `${lines.slice(0, 4).join('\n')}\n`);
  assert.match(
    glogHeader(created, created - (26 * 3600 + 62) * 1000, 'h'),
    /^Running duration \(h:mm:ss\): 26:01:02$/m,
  );
});

test('every line', () => {
  for (const text of lines.slice(4)) {
    const [, letter, month, day, hour, minute, second, micro, thread, file, line, message] =
      /^([IWEF])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{6}) (\d+) (.+?):(\d+)\] (.*)$/.exec(text)!;
    const at = Date.UTC(2026, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
    const severity = SEVERITIES.find((one) => one[0] === letter)!;
    const time = at + Math.floor(Number(micro) / 1000);
    // Our clock has milliseconds.
    const made = glogLine({ severity, time, file: file!, line: Number(line), message: message! }, Number(thread));
    assert.equal(made, `${text.replace(/(\.\d{3})\d{3} /, '$1000 ')}\n`);
  }
});

test('what a message says of a file stays on its line, and in its order', () => {
  const message = 'a\nb\0c\x1b[2Jd\x85e\u2028f\u202eg\u200eh';
  const line = glogLine({ severity: 'INFO', time: 0, file: 'a.ts', line: 0, message }, 1);
  assert.match(line, /\] a b c \[2Jd e f g h\n$/);
});
