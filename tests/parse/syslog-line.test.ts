import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import { parseSyslogLine } from '../../src/parse/syslog-line.ts';

/** The same six messages, as rsyslog 8.2302 wrote them to a pipe by its templates; those of forwarding got their newlines here. */
const recorded = (form: string) =>
  readFileSync(new URL(`../captures/syslog-${form}.txt`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
const parse = (line: string) => parseSyslogLine(line, 'test');
const malformed = (line: string) => assert.throws(() => parse(line), MalformedInput);

const MESSAGES = [
  [4, 'auth', 'sshd[812]', 'Failed password for root from 192.0.2.7 port 4242 ssh2'],
  [6, 'daemon', 'app', 'said "hello", then , and "" bye'],
  [5, 'user', 'tester', 'ünïcode ✓ text'],
  [7, 'local7', 'cron[1]', '(root) CMD (echo a\\b)'],
  [0, 'kern', 'kernel', 'tab#011here newline#012end'],
  [
    6,
    'mail',
    '1',
    '2026-11-24T02:31:00.5Z mail.example postfix 991 ID47 [zoo@123 tiger="hungry \\] \\" x"][b@1 c="d"] structured too',
  ],
];
const TIMES = ['207799', '211174', '213895', '216107', '356876', '478459'].map(
  (micros) => `2026-11-24T02:48:08.${micros}+00:00`,
);

test('values with commas between them', () => {
  const lines = recorded('csv').map(parse);
  assert.deepEqual(
    lines.map(({ severity, facility, tag, message }) => [severity, facility, tag, message]),
    MESSAGES,
  );
  assert.deepEqual(
    lines.map(({ datetime, host }) => `${datetime} ${host}`),
    TIMES.map((time) => `${time} vm`),
  );
});

test('RFC 5424 and RFC 3164 tell the same; a file has no priorities', () => {
  const values = recorded('csv').map(parse);
  const short = values.map((line) => ({ ...line, datetime: 'Nov 24 02:48:08' }));
  assert.deepEqual(recorded('rfc5424').map(parse), values);
  assert.deepEqual(recorded('rfc3164').map(parse), [...short, ...values]);
  assert.deepEqual(
    recorded('file').map(parse),
    values.map((line) => ({ ...line, severity: undefined, facility: '' })),
  );
});

test('the examples of RFC 5424', () => {
  assert.deepEqual(parse("<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed"), {
    datetime: '2003-10-11T22:14:15.003Z',
    host: 'mymachine.example.com',
    severity: 2,
    facility: 'auth',
    tag: 'su',
    message: "'su root' failed",
  });
  const element = '[exampleSDID@32473 iut="3" eventSource="Application \\"]" eventID="1011"]';
  const { tag, message } = parse(
    `<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 app 8710 - ${element}[b@1] An event`,
  );
  assert.deepEqual([tag, message], ['app[8710]', 'An event']);
  assert.equal(parse(`<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 ${element}`).message, '');
  assert.deepEqual(parse('<165>1 - - - - - -'), {
    datetime: '',
    host: '',
    severity: 5,
    facility: 'local4',
    tag: '',
    message: '',
  });
});

test('RFC 3164: without a host, as programs say it to their own machine; without a pid, a colon, a message', () => {
  const parts = (line: string) => {
    const { host, tag, message } = parse(line);
    return [host, tag, message];
  };
  assert.deepEqual(parts('<13>Oct  1 22:14:15 sshd[812]: hello: world'), ['', 'sshd[812]', 'hello: world']);
  assert.deepEqual(parts('<13>Oct 11 22:14:15 su: x'), ['', 'su', 'x']);
  assert.deepEqual(parts('<13>Oct 11 22:14:15 2001:db8::1 su: x'), ['2001:db8::1', 'su', 'x']);
  assert.deepEqual(parts('<13>Oct 11 22:14:15 host su root failed'), ['host', 'su', 'root failed']);
  assert.deepEqual(parts('Oct 11 22:14:15 host kernel: [  1.2] up'), ['host', 'kernel', '[  1.2] up']);
  assert.deepEqual(parts('<13>Oct 11 22:14:15 host su:'), ['host', 'su', '']);
});

test('values: severities by their names, quotes where there need be none', () => {
  const line = parse('2026-11-24T02:31:00Z,host,warning,daemon,tag:,"a ""b"", c" d');
  assert.deepEqual(line, {
    datetime: '2026-11-24T02:31:00Z',
    host: 'host',
    severity: 4,
    facility: 'daemon',
    tag: 'tag',
    message: 'a "b", c d',
  });
  assert.equal(parse('"t","h","3","daemon","tag",""').message, '');
});

test('cut anywhere it is malformed, or has the beginning of the message', () => {
  for (const form of ['csv', 'rfc5424', 'rfc3164']) {
    const line = recorded(form)[0]!;
    const { message } = parse(line);
    for (let length = 0; length < line.length; length++) {
      try {
        assert.ok(message.startsWith(parse(line.slice(0, length)).message));
        assert.notEqual(form, 'csv', 'its last quote is missing');
      } catch (cause) {
        assert.ok(cause instanceof MalformedInput, String(cause));
      }
    }
  }
});

test('what is none', () => {
  malformed('');
  malformed('hello');
  malformed('"t","h","6","daemon","tag"');
  malformed('"t","h","6","daemon","tag","a","b"');
  malformed('"t","h","8","daemon","tag","a"');
  malformed('"t","h","","daemon","tag","a"');
  malformed('"t","h","6","daemon","tag","a');
  malformed('"t","h","6","daemon","tag","a""');
  malformed('<192>1 - - - - - -');
  malformed('<999>Oct 11 22:14:15 host su: x');
  malformed('<13>1 - - - - - [open');
  malformed('<13>1 - - - - - [a b="c]');
  malformed('<13>2 - - - - - -');
  malformed('<13>yesterday host su: x');
  malformed(`Oct 11 22:14:15 host su: ${'x'.repeat(40_000)}`);
  malformed(','.repeat(30_000));
});
