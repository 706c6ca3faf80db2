import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { JobQueue, LATE_MS, ROOM_MS } from '../../src/daemon/job-queue.ts';

let begun: string[];
let ends: Map<string, PromiseWithResolvers<'done' | 'again'>>;
let asked: string[];
/** Jobs that take as long as the test says. */
let slow: Set<string>;
let queue: JobQueue<{ name: string }>;
beforeEach(() => {
  [begun, asked, ends, slow] = [[], [], new Map(), new Set()];
  queue = new JobQueue(
    async ({ name }) => {
      begun.push(name);
      if (!slow.has(name)) return 'done';
      const end = Promise.withResolvers<'done' | 'again'>();
      ends.set(name, end);
      return await end.promise;
    },
    ({ name }) => void asked.push(name),
  );
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

test('while two are late the rest waits, until the second one makes room', async () => {
  for (const name of ['x', 'y']) slow.add(name);
  add('x', 'y', 'a');
  const done = queue.run();
  await late();
  await late();
  await done;
  assert.deepEqual([begun, asked], [['x', 'y'], []]);
  mock.timers.tick(ROOM_MS - LATE_MS);
  assert.deepEqual(asked, ['y']);
  ends.get('y')!.resolve('again');
  await setImmediate();
  assert.deepEqual(begun, ['x', 'y', 'a']);
  // One that was late waits for the other that is; those in time go on.
  add('a', 'b');
  await queue.run();
  assert.deepEqual(begun, ['x', 'y', 'a', 'a', 'b']);
  ends.get('x')!.resolve('done');
  await setImmediate();
  assert.deepEqual(begun.slice(5), ['y']);
  // Now it is the one beside which the others run.
  await late();
  mock.timers.tick(ROOM_MS);
  add('a');
  await queue.run();
  assert.deepEqual([begun.slice(6), asked], [['a'], ['y']]);
});

test('the time until a job really begins does not count', async () => {
  for (const name of ['x', 'y']) slow.add(name);
  add('x', 'y', 'a');
  void queue.run();
  await late();
  await late();
  mock.timers.tick(ROOM_MS - LATE_MS - 1);
  queue.begins('y');
  mock.timers.tick(ROOM_MS - 1);
  assert.deepEqual(asked, []);
  ends.get('y')!.resolve('done');
  await setImmediate();
  slow.delete('y');
  add('y');
  await queue.run();
  assert.deepEqual(begun, ['x', 'y', 'a', 'y']);
});

test('closed, it begins nothing more', async () => {
  slow.add('x');
  add('x', 'a');
  void queue.run();
  queue.close();
  await late();
  ends.get('x')!.resolve('done');
  await setImmediate();
  assert.deepEqual(begun, ['x']);
});

test('the second makes room as soon as somebody comes who waits', async () => {
  for (const name of ['x', 'y']) slow.add(name);
  add('x', 'y');
  void queue.run();
  await late();
  await late();
  mock.timers.tick(10 * ROOM_MS);
  assert.deepEqual(asked, []);
  add('a');
  void queue.run();
  assert.deepEqual(asked, ['y']);
});

test('beside one that is late those go first that were quick before', async () => {
  slow.add('x');
  add('a');
  await queue.run();
  begun = [];
  add('x', 'new', 'a');
  const done = queue.run();
  await late();
  await done;
  assert.deepEqual(begun, ['x', 'a', 'new']);
});

test('what is to be done again while it waits or runs is missed, and counted', async () => {
  slow.add('x');
  assert.deepEqual(add('x'), [0]);
  const done = queue.run();
  await late();
  await done;
  assert.deepEqual(add('x', 'x'), [undefined, undefined]);
  ends.get('x')!.resolve('done');
  await setImmediate();
  assert.equal(queue.add({ name: 'x' }, 3), 5);
  assert.deepEqual(add('x'), [undefined]);
});

test('a new list takes the place of what waits', async () => {
  slow.add('x');
  add('x', 'gone', 'stays');
  void queue.run();
  queue.replace([{ name: 'stays' }]);
  ends.get('x')!.resolve('done');
  await queue.run();
  assert.deepEqual(begun, ['x', 'stays']);
});

test('a job that fails is thrown to who waits, or to the next one', async () => {
  const failing = new JobQueue<{ name: string }>(
    async ({ name }) => {
      throw new Error(name);
    },
    () => assert.fail(),
  );
  failing.add({ name: 'a' });
  await assert.rejects(failing.run(), /^Error: a$/);
  await failing.run();
});
