import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLeased } from '../../../src/host/linux/lease.ts';

const refusal = (code: string) => Object.assign(new Error(code), { code });

function fakeClock() {
  let time = 1_000_000;
  return {
    now: () => time,
    pause: (milliseconds: number) => {
      time += milliseconds;
    },
    advance: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

/** Refuses so many times. */
function leased(times: number): { open: () => number; tries: () => number } {
  let tries = 0;
  const open = () => {
    tries += 1;
    if (tries <= times) throw refusal('EAGAIN');
    return 7;
  };
  return { open, tries: () => tries };
}

test('a lease that is given back is waited for', () => {
  const clock = fakeClock();
  assert.equal(openLeased(leased(1).open, clock), 7);
  assert.equal(clock.now(), 1_000_000);
  assert.equal(openLeased(leased(1020).open, clock), 7);
  assert.equal(clock.now(), 1_000_021);
});

test('leases that are kept are errors, and a hundred of them hold up nobody for more than a second in ten', () => {
  const clock = fakeClock();
  clock.advance(100_000);
  const begun = clock.now();
  for (let i = 0; i < 100; i++) assert.throws(() => openLeased(leased(1e9).open, clock), { code: 'EAGAIN' });
  assert.equal(clock.now() - begun, 1000);
  clock.advance(11_000);
  const { open, tries } = leased(1e9);
  assert.throws(() => openLeased(open, clock), { code: 'EAGAIN' });
  assert.equal(tries(), 1050);
});

test('another error is not tried again', () => {
  let tries = 0;
  const open = () => {
    tries += 1;
    throw refusal('ENOENT');
  };
  assert.throws(() => openLeased(open), { code: 'ENOENT' });
  assert.equal(tries, 1);
});
