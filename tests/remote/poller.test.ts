import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../src/remote/backoff.ts';
import { RemoteFailure } from '../../src/remote/failure.ts';
import { Poller } from '../../src/remote/poller.ts';
import { FakeTimers, until } from '../../src/testing/fake-timers.ts';

class Polls {
  readonly timers = new FakeTimers();
  count = 0;
  answer: () => Promise<void> = async () => undefined;
  interval = 60;
  readonly poller = new Poller({
    interval: () => this.interval,
    backoff: new Backoff(
      () => ({ base: 1, most: 300, mostAsked: 3600 }),
      () => 0.5,
    ),
    work: () => {
      this.count += 1;
      return this.answer();
    },
    timers: this.timers,
    random: () => 0.5,
  });

  /** Lets the next poll come, and the wait after it begin; that wait in seconds. */
  async next(): Promise<number> {
    this.timers.ring();
    await until(() => this.timers.waits.length > 0);
    return this.timers.waits[0]! / 1000;
  }
}

test('the first poll is somewhere in the interval; then one comes each interval', async () => {
  const polls = new Polls();
  polls.poller.start();
  assert.deepEqual(polls.timers.waits, [30_000]);
  assert.equal(await polls.next(), 60);
  polls.interval = 0;
  assert.equal(await polls.next(), 1);
});

test('where somebody waits for it, the first poll comes at once', () => {
  const polls = new Polls();
  polls.poller.start('at once');
  assert.deepEqual(polls.timers.waits, [0]);
});

test('failures wait longer and longer; the first poll after them is anywhere in the interval', async () => {
  const polls = new Polls();
  polls.poller.start('at once');
  polls.answer = async () => {
    throw new Error('down');
  };
  assert.deepEqual([await polls.next(), await polls.next(), await polls.next()], [0.75, 1.5, 3]);
  polls.answer = async () => {
    throw new RemoteFailure('status', 'busy', { status: 429, retryAfter: 200 });
  };
  assert.equal(await polls.next(), 204);
  polls.answer = async () => undefined;
  assert.equal(await polls.next(), 30);
  assert.equal(await polls.next(), 60);
});

test('now: once at once, or once more after the one that runs; never two at a time', async () => {
  const polls = new Polls();
  let release = () => {};
  polls.answer = () => new Promise((resolve) => (release = resolve));
  polls.poller.start();
  polls.poller.now();
  assert.equal(polls.count, 1);
  polls.poller.now();
  polls.poller.now();
  assert.equal(polls.count, 1);
  release();
  await until(() => polls.timers.waits.length > 0);
  assert.deepEqual(polls.timers.waits, [0]);
  polls.timers.ring();
  const stopped = polls.poller.stop();
  assert.equal(polls.count, 2);
  release();
  await stopped;
  polls.poller.now();
  assert.deepEqual([polls.count, polls.timers.waits], [2, []]);
});

test('soon: only what waits after failures comes earlier, and not at once', async () => {
  const polls = new Polls();
  polls.poller.start();
  polls.poller.soon();
  assert.deepEqual(polls.timers.waits, [30_000]);
  polls.answer = async () => {
    throw new Error('down');
  };
  let wait = 0;
  for (let i = 0; i < 10; i++) wait = await polls.next();
  assert.equal(wait, 225);
  polls.poller.soon();
  assert.deepEqual(polls.timers.waits, [30_000]);
  await polls.next();
  polls.interval = 6000;
  polls.poller.soon();
  assert.deepEqual(polls.timers.waits, [225_000]);
});
