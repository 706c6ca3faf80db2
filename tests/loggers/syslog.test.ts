import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import koffi from 'koffi';
import { SyslogSocket } from '../../src/host/linux/syslog.ts';
import { SyslogLogger } from '../../src/loggers/syslog.ts';
import { FakeTimers, until } from '../../src/testing/fake-timers.ts';

process.env['TZ'] = 'UTC';
const NOW = Date.UTC(2026, 10, 3, 9, 5, 7);
const OPTIONS = { facility: 19, cee: false, program: 'osqueryd', pid: 42 };
const START = '<158>Nov  3 09:05:07 osqueryd[42]: ';

const c = koffi.load(null);
const socket = c.func('int socket(int domain, int type, int protocol)');
const bind = c.func('int bind(int fd, const void *address, uint32_t length)');
const listen = c.func('int listen(int fd, int backlog)');
const accept = c.func('int accept(int fd, void *address, void *length)');
const recv = c.func('intptr_t recv(int fd, _Out_ void *data, size_t length, int flags)');
const close = c.func('int close(int fd)');
const MSG_DONTWAIT = 0x40;
const STREAM = 1;
const DATAGRAMS = 2;

/** A syslog that listens for datagrams, or a stream. */
class Listener {
  readonly #fd: number;
  readonly #type: number;
  #connection = -1;

  constructor(path: string, type = DATAGRAMS) {
    this.#type = type;
    this.#fd = socket(1, type, 0);
    const address = Buffer.alloc(110);
    address.writeUInt16LE(1);
    address.write(path, 2);
    assert.equal(bind(this.#fd, address, address.length), 0);
    if (type === STREAM) assert.equal(listen(this.#fd, 1), 0);
  }

  /** A message, or some of a stream; undefined for nothing. */
  read(): string | undefined {
    if (this.#type === STREAM && this.#connection < 0) this.#connection = accept(this.#fd, null, null);
    const bytes = Buffer.alloc(1_000_000);
    const from = this.#type === STREAM ? this.#connection : this.#fd;
    const length: number = recv(from, bytes, bytes.length, MSG_DONTWAIT);
    return length < 0 ? undefined : bytes.toString('utf8', 0, length);
  }

  readAll(): string[] {
    const all: string[] = [];
    for (let text = this.read(); text !== undefined && text !== ''; text = this.read()) all.push(text);
    return all;
  }

  close(): void {
    if (this.#connection >= 0) close(this.#connection);
    close(this.#fd);
  }
}

let folder: string;
let path: string;
let warnings: string[];
let timers: FakeTimers;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-syslog-'));
  path = join(folder, 'log');
  warnings = [];
  timers = new FakeTimers();
});
afterEach(() => rmSync(folder, { recursive: true }));

const logger = (options = {}) =>
  new SyslogLogger(new SyslogSocket(path), { ...OPTIONS, ...options }, (text) => warnings.push(text), {
    now: () => NOW,
    timers,
  });

describe('a line', () => {
  test('of results and of status, as syslog has them', async () => {
    const listener = new Listener(path);
    const log = logger();
    log.results(['{"name":"q"}']);
    log.snapshots(['{"é":1}']);
    assert.deepEqual(listener.readAll(), [`${START}{"name":"q"}`, `${START}{"é":1}`]);
    const say = (severity: 'INFO' | 'WARNING' | 'ERROR' | 'FATAL', message: string) =>
      log.status([{ severity, time: NOW, file: 'x.ts', line: 3, message }]);
    say('INFO', 'm');
    say('WARNING', 'm');
    say('ERROR', 'm');
    say('FATAL', 'm\n<0>forged\0');
    const text = 'Nov  3 09:05:07 osqueryd[42]: severity=';
    assert.deepEqual(listener.readAll(), [
      `<157>${text}0 location=x.ts:3 message=m`,
      `<156>${text}1 location=x.ts:3 message=m`,
      `<155>${text}2 location=x.ts:3 message=m`,
      `<154>${text}3 location=x.ts:3 message=m <0>forged `,
    ]);
    await log.close();
    listener.close();
  });

  test('of another facility, of one that there is not, and with the cookie for JSON', () => {
    const listener = new Listener(path);
    logger({ facility: 3, cee: true }).results(['{}']);
    assert.match(listener.read()!, /^<30>.*: @cee:\{\}$/);
    logger({ facility: 99 }).results(['{}']);
    assert.match(listener.read()!, /^<158>/);
    listener.close();
  });

  test('longer than the socket takes is lost alone, and said', () => {
    const listener = new Listener(path);
    const log = logger();
    log.results(['x'.repeat(10_000_000)]);
    log.results(['{}']);
    assert.deepEqual(listener.readAll(), [`${START}{}`]);
    assert.deepEqual(warnings, ['syslog: lines longer than it takes, lost: 1, the last of 10000035 characters']);
    assert.equal(log.lost, 1);
    listener.close();
  });
});

test('a syslog that is not there is said once, and found when it comes', () => {
  const log = logger();
  log.results(['{"n":1}']);
  log.results(['{"n":2}']);
  assert.equal(log.lost, 2);
  const listener = new Listener(path);
  log.results(['{"n":3}']);
  assert.deepEqual(listener.readAll(), [`${START}{"n":3}`]);
  assert.deepEqual(warnings, [
    'syslog: cannot log: ENOENT; lines are lost until it goes again',
    'syslog: logging again; 2 lines were lost',
  ]);
  listener.close();
});

test('a syslog that is started anew loses nothing', () => {
  const log = logger();
  for (const [n, type] of [DATAGRAMS, DATAGRAMS, STREAM, STREAM, DATAGRAMS].entries()) {
    const listener = new Listener(path, type);
    log.results([`{"n":${n}}`]);
    assert.equal(listener.read()?.replace('\0', ''), `${START}{"n":${n}}`);
    listener.close();
    rmSync(path);
  }
  assert.deepEqual([warnings, log.lost], [[], 0]);
});

describe('a syslog that does not keep up', () => {
  test('gets all in its order, later', () => {
    const listener = new Listener(path);
    const log = logger();
    for (let i = 0; i < 2000; i++) log.results([`{"n":${i}}`]);
    const got: string[] = [];
    for (let i = 0; i < 10_000 && got.length < 2000; i++) {
      got.push(...listener.readAll());
      if (timers.waits.length > 0) timers.ring();
    }
    assert.deepEqual(
      got,
      Array.from({ length: 2000 }, (_, n) => `${START}{"n":${n}}`),
    );
    assert.deepEqual([warnings, timers.waits, log.lost], [[], [], 0]);
    listener.close();
  });

  test('may be behind again and again', () => {
    const listener = new Listener(path);
    const log = logger();
    let got = 0;
    for (let burst = 1; burst <= 4; burst++) {
      for (let i = 0; i < 50; i++) log.results(['x'.repeat(100_000)]);
      for (let i = 0; i < 1000 && got < burst * 50; i++) {
        got += listener.readAll().length;
        if (timers.waits.length > 0) timers.ring();
      }
    }
    assert.deepEqual([warnings, log.lost], [[], 0]);
    listener.close();
  });

  test('is asked less and less often while it takes nothing', () => {
    const listener = new Listener(path);
    const log = logger();
    for (let i = 0; i < 2000; i++) log.results(['{}']);
    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 10; i++) {
      waits.push(timers.waits[0]);
      timers.ring();
    }
    assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
    listener.readAll();
    timers.ring();
    assert.deepEqual(timers.waits, [5]);
    listener.close();
  });

  test('loses what memory may not hold; at the end the rest, after some seconds', async () => {
    const listener = new Listener(path);
    const log = logger();
    for (let i = 0; i < 1000; i++) log.results(['x'.repeat(100_000)]);
    const { lost } = log;
    assert.ok(lost > 800 && lost < 1000, `${lost}`);
    assert.deepEqual(warnings, ['syslog: it does not keep up, lines lost: 1']);
    let closed = false;
    const closing = log.close().then(() => {
      closed = true;
    });
    await until(() => {
      if (!closed && timers.waits.length > 0) timers.ring();
      return closed;
    });
    await closing;
    const got = listener.readAll().length;
    assert.equal(log.lost, 1000 - got);
    assert.deepEqual(warnings.slice(1), [`syslog: it does not keep up, lines lost: ${log.lost - 1}`]);
    assert.ok(timers.now() < 3000);
    listener.close();
  });

  test('gets what waits at the end', async () => {
    const listener = new Listener(path);
    const log = logger();
    for (let i = 0; i < 500; i++) log.results(['{}']);
    let got = 0;
    let closed = false;
    void log.close().then(() => {
      closed = true;
    });
    await until(() => {
      got += listener.readAll().length;
      if (timers.waits.length > 0) timers.ring();
      return closed;
    });
    assert.deepEqual([got + listener.readAll().length, log.lost], [500, 0]);
    listener.close();
  });
});

test('in a stream each message ends with a NUL, also one that goes in pieces', () => {
  const listener = new Listener(path, STREAM);
  const log = logger();
  log.results(['{"n":1}']);
  log.results(['x'.repeat(3_000_000)]);
  log.results(['{"n":3}']);
  let got = '';
  for (let i = 0; i < 10_000 && !got.endsWith('{"n":3}\0'); i++) {
    got += listener.readAll().join('');
    if (timers.waits.length > 0) timers.ring();
  }
  const messages = got.split('\0').slice(0, -1);
  assert.deepEqual(
    messages.map((message) => message.length - START.length),
    [7, 3_000_000, 7],
  );
  assert.deepEqual([warnings, log.lost], [[], 0]);
  listener.close();
});
