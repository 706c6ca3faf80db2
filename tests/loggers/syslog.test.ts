import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import koffi from 'koffi';
import { SyslogSocket } from '../../src/host/linux/syslog.ts';
import { SyslogLogger } from '../../src/loggers/syslog.ts';

process.env['TZ'] = 'UTC';
const NOW = Date.UTC(2026, 10, 3, 9, 5, 7);
const OPTIONS = { facility: 19, cee: false, program: 'osqueryd', pid: 42 };

const c = koffi.load(null);
const socket = c.func('int socket(int domain, int type, int protocol)');
const bind = c.func('int bind(int fd, const void *address, uint32_t length)');
const recv = c.func('intptr_t recv(int fd, _Out_ void *data, size_t length, int flags)');
const close = c.func('int close(int fd)');
const MSG_DONTWAIT = 0x40;

/** A syslog that listens on a socket of datagrams. */
class Listener {
  readonly #fd: number = socket(1, 2, 0);

  constructor(path: string) {
    const address = Buffer.alloc(110);
    address.writeUInt16LE(1);
    address.write(path, 2);
    assert.equal(bind(this.#fd, address, address.length), 0);
  }

  /** What it has got, undefined for nothing. */
  read(): string | undefined {
    const bytes = Buffer.alloc(65_536);
    const length: number = recv(this.#fd, bytes, bytes.length, MSG_DONTWAIT);
    return length < 0 ? undefined : bytes.toString('utf8', 0, length);
  }

  close(): void {
    close(this.#fd);
  }
}

let folder: string;
let path: string;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-syslog-'));
  path = join(folder, 'log');
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const logger = (options = {}) =>
  new SyslogLogger(
    new SyslogSocket(path),
    { ...OPTIONS, ...options },
    (text) => warnings.push(text),
    () => NOW,
  );

test('lines of results and of status, as syslog has them', async () => {
  const listener = new Listener(path);
  const log = logger();
  log.result('{"name":"q"}');
  assert.equal(listener.read(), '<158>Nov  3 09:05:07 osqueryd[42]: {"name":"q"}');
  log.snapshot('{"é":1}');
  assert.equal(listener.read(), '<158>Nov  3 09:05:07 osqueryd[42]: {"é":1}');
  for (const [severity, start] of [
    ['INFO', '<157>Nov  3 09:05:07 osqueryd[42]: severity=0'],
    ['WARNING', '<156>Nov  3 09:05:07 osqueryd[42]: severity=1'],
    ['ERROR', '<155>Nov  3 09:05:07 osqueryd[42]: severity=2'],
  ] as const) {
    log.status([{ severity, time: NOW, file: 'x.ts', line: 3, message: 'm' }]);
    assert.equal(listener.read(), `${start} location=x.ts:3 message=m`);
  }
  await log.close();
  listener.close();
});

test('another facility, one that there is not, and the cookie for JSON', () => {
  const listener = new Listener(path);
  logger({ facility: 3, cee: true }).result('{}');
  assert.match(listener.read()!, /^<30>.*: @cee:\{\}$/);
  logger({ facility: 99 }).result('{}');
  assert.match(listener.read()!, /^<158>/);
  listener.close();
});

test('what it does not take is counted, and it is found again', () => {
  const log = logger();
  log.result('{"n":1}');
  log.result('{"n":2}');
  assert.equal(log.lost, 2);
  const first = new Listener(path);
  log.result('{"n":3}');
  assert.match(first.read()!, /\{"n":3\}$/);
  assert.deepEqual(warnings, [
    'syslog: cannot log: ENOENT; lines are lost until it goes again',
    'syslog: logging again; 2 lines were lost',
  ]);
  // Started anew.
  first.close();
  rmSync(path);
  const second = new Listener(path);
  log.result('{"n":4}');
  assert.match(second.read()!, /\{"n":4\}$/);
  log.result('x'.repeat(10_000_000));
  assert.match(warnings.at(-1)!, /a line of 10000000 characters is too long for it/);
  // Nobody reads: it does not wait.
  for (let i = 0; i < 10_000 && log.lost < 5; i++) log.result('x'.repeat(10_000));
  assert.ok(log.lost >= 5);
  second.close();
});
