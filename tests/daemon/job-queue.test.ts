import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { JobQueue, LATE_MS } from '../../src/daemon/job-queue.ts';

let begun: string[];
let ends: Map<string, PromiseWithResolvers<void>>;
/** Jobs that take as long as the test says. */
let slow: Set<string>;
let queue: JobQueue<{ name: string }>;
beforeEach(() => {
  [begun, ends, slow] = [[], new Map(), new Set()];
  queue = new JobQueue(async ({ name }) => {
    begun.push(name);
    if (!slow.has(name)) return;
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    await end.promise;
  });
  mock.timers.enable({ apis: ['setTimeout'] });
});
afterEach(() => mock.timers.reset());

const add = (...names: string[]) => names.map((name) => queue.add({ name }));
async function late(): Promise<void> {
  mock.timers.tick(LATE_MS);
  await setImmediate();
}

test('one after the other, in order', async () => {
  add('a', 'b', 'c');
  await queue.run();
  assert.deepEqual(begun, ['a', 'b', 'c']);
});

test('beside one that is late the others go on, and nobody waits for it', async () => {
  slow.add('endless');
  add('a', 'endless', 'b', 'c');
  const done = queue.run();
  await setImmediate();
  assert.deepEqual(begun, ['a', 'endless']);
  await late();
  await done;
  assert.deepEqual(begun, ['a', 'endless', 'b', 'c']);
  add('a', 'b');
  await queue.run();
  assert.deepEqual(begun.slice(4), ['a', 'b']);
});

test('while two are late the rest waits, and goes on when one ends', async () => {
  for (const name of ['x', 'y', 'z']) slow.add(name);
  add('x', 'y', 'z', 'a');
  const done = queue.run();
  await late();
  await late();
  await done;
  assert.deepEqual(begun, ['x', 'y']);
  ends.get('x')!.resolve();
  await setImmediate();
  // Nobody knows which of the two takes longer.
  assert.deepEqual(begun, ['x', 'y', 'z']);
  ends.get('y')!.resolve();
  await setImmediate();
  await late();
  assert.deepEqual(begun, ['x', 'y', 'z', 'a']);
});

test('beside one that is late those go first that were quick before', async () => {
  slow.add('x');
  slow.add('y');
  add('y', 'a');
  const first = queue.run();
  await late();
  await first;
  ends.get('y')!.resolve();
  await setImmediate();
  begun = [];
  add('x', 'y', 'new', 'a');
  const done = queue.run();
  await late();
  await late();
  await done;
  assert.deepEqual(begun, ['x', 'a', 'new', 'y']);
});

test('what is to be done again while it waits or runs is missed, and counted', async () => {
  slow.add('x');
  assert.deepEqual(add('x'), [0]);
  const done = queue.run();
  await late();
  await done;
  assert.deepEqual(add('x', 'x'), [undefined, undefined]);
  ends.get('x')!.resolve();
  await setImmediate();
  assert.equal(queue.add({ name: 'x' }, 3), 5);
  assert.deepEqual(add('x'), [undefined]);
});

test('a new list takes the place of what waits', async () => {
  slow.add('x');
  add('x', 'gone', 'stays');
  void queue.run();
  queue.replace([{ name: 'stays' }]);
  ends.get('x')!.resolve();
  await queue.run();
  assert.deepEqual(begun, ['x', 'stays']);
});

test('a job that fails is thrown to who waits, or to the next one', async () => {
  const failing = new JobQueue<{ name: string }>(async ({ name }) => {
    throw new Error(name);
  });
  failing.add({ name: 'a' });
  await assert.rejects(failing.run(), /^Error: a$/);
  await failing.run();
});
