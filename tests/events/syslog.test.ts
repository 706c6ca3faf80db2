import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LineSource, SyslogPublisher } from '../../src/events/syslog/publisher.ts';
import type { SyslogEvent } from '../../src/schema/syslog-event.ts';

const line = (message: string) => `"t","h","6","daemon","tag","${message}"\n`;

/** A publisher over a pipe that holds what is written to it. */
function start({ limit = 1_000_000 } = {}) {
  let held = Buffer.alloc(0);
  let now = 5000;
  const heard: string[] = [];
  const source: LineSource = {
    fd: 3,
    read(into, from) {
      const length = held.copy(into, from);
      held = held.subarray(length);
      return length;
    },
    [Symbol.dispose]: () => heard.push('closed'),
  };
  const emit = (event: SyslogEvent) => heard.push(event.line.message);
  const publisher = new SyslogPublisher(source, limit, emit, () => now);
  return {
    publisher,
    heard,
    wait: (milliseconds: number) => {
      now += milliseconds;
    },
    /** Writes, and has it read; in how many turns. */
    write(text: string | Buffer): number {
      held = Buffer.concat([held, Buffer.from(text)]);
      let turns = 1;
      while (publisher.read()) turns += 1;
      assert.equal(held.length, 0);
      return turns;
    },
  };
}

test('lines, however they are cut by reads', () => {
  const { publisher, heard, write } = start();
  const whole = Buffer.from(['a', 'ü b', '✓', '', 'last'].map(line).join('\n'));
  for (let step = 1; step <= whole.length; step++) {
    for (let at = 0; at < whole.length; at += step) write(whole.subarray(at, at + step));
    assert.deepEqual(heard.splice(0), ['a', 'ü b', '✓', '', 'last']);
  }
  assert.deepEqual(publisher.counts.dropped, { rate: 0, malformed: 0, oversized: 0 });
  publisher.stop();
  assert.deepEqual([publisher.fds, heard], [[3], ['closed']]);
});

test('a flood comes in turns, each line once and in order', () => {
  const { heard, write } = start();
  const messages = Array.from({ length: 50_000 }, (_, i) => `number ${i}`);
  assert.ok(write(messages.map(line).join('')) > 1);
  assert.deepEqual(heard, messages);
});

test('lines that are none, and lines without end, cost themselves and nothing else', () => {
  const { publisher, heard, write } = start();
  write(line('first'));
  write('nothing of the kind\n\n\xff\xfe\0\n');
  write(line('x'.repeat(40_000)));
  write(line('second'));
  for (let i = 0; i < 100; i++) write('endless'.repeat(5000));
  write(`\n${line('third')}${'y'.repeat(33_000)}`);
  write(`${'y'.repeat(10)}\n${line('fourth')}`);
  assert.deepEqual(heard, ['first', 'second', 'third', 'fourth']);
  assert.deepEqual(publisher.counts, { received: 9, events: 4, dropped: { rate: 0, malformed: 2, oversized: 3 } });
});

test('beyond five times the limit in a second lines are lost, counted; then others are taken again', () => {
  const { publisher, heard, write, wait } = start({ limit: 2 });
  for (let i = 0; i < 15; i++) write(line(`a${i}`));
  assert.deepEqual(
    heard.splice(0),
    Array.from({ length: 10 }, (_, i) => `a${i}`),
  );
  wait(999);
  write(line('still too early'));
  wait(1);
  write(`what it is not, counts, too\n${line('b')}`);
  assert.deepEqual(heard, ['b']);
  assert.deepEqual(publisher.counts, { received: 18, events: 11, dropped: { rate: 6, malformed: 1, oversized: 0 } });
});
