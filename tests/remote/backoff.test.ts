import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff, spread } from '../../src/remote/backoff.ts';
import { parseRetryAfter } from '../../src/remote/retry-after.ts';

const OPTIONS = { base: 2, most: 60, mostAsked: 600 };

const waits = (random: number, count: number, options = OPTIONS) => {
  const backoff = new Backoff(
    () => options,
    () => random,
  );
  return Array.from({ length: count }, () => backoff.failed());
};

test('each wait is twice as long, half of it by lot, up to the limit', () => {
  assert.deepEqual(waits(1, 7), [2, 4, 8, 16, 32, 60, 60]);
  assert.deepEqual(waits(0, 7), [1, 2, 4, 8, 16, 30, 30]);
  assert.equal(waits(1, 5000).at(-1), 60);
  // A limit below the base: the base, as `--logger_tls_backoff_max=0` means.
  assert.deepEqual(waits(1, 3, { ...OPTIONS, most: 0 }), [2, 2, 2]);
});

test('a success forgets the failures', () => {
  const backoff = new Backoff(
    () => OPTIONS,
    () => 1,
  );
  for (let i = 0; i < 5; i++) backoff.failed();
  assert.equal(backoff.failures, 5);
  backoff.succeeded();
  assert.equal(backoff.failed(), 2);
});

test('what a server asks for is kept, up to a limit, and never undercut', () => {
  const asked = (seconds: number, random: number) =>
    new Backoff(
      () => OPTIONS,
      () => random,
    ).failed(seconds);
  assert.equal(asked(100, 0), 100);
  assert.equal(asked(100, 1), 102);
  assert.equal(asked(1e9, 0), 600);
  assert.equal(asked(0, 1), 2);
});

test('agents that were told the same do not come in the same second', () => {
  const late = new Backoff(() => OPTIONS, Math.random);
  for (let i = 0; i < 6; i++) late.failed();
  const seconds = new Set(Array.from({ length: 1000 }, () => Math.floor(late.failed(120))));
  assert.ok(seconds.size > 50, `${seconds.size} seconds of 60`);
});

test('the first poll is anywhere in its interval', () => {
  assert.equal(
    spread(60, () => 0),
    0,
  );
  assert.equal(
    spread(60, () => 0.5),
    30,
  );
});

test('Retry-After: seconds or a date; nonsense is none', () => {
  const now = Date.parse('Mon, 30 Nov 2026 12:00:00 GMT');
  const cases: [string | undefined, number | undefined][] = [
    ['120', 120],
    [' 0 ', 0],
    ['Mon, 30 Nov 2026 12:01:30 GMT', 90],
    ['Monday, 30-Nov-26 12:00:10 GMT', 10],
    ['Mon Nov 30 12:00:05 2026 GMT', 5],
    ['Mon, 30 Nov 2026 11:00:00 GMT', 0],
    [undefined, undefined],
    ['', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['99999999999999', undefined],
    ['Mon, 99 Nov 2026 12:00:00 GMT', undefined],
  ];
  for (const [text, seconds] of cases) assert.equal(parseRetryAfter(text, now), seconds, text);
});
