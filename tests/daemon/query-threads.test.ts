import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { QueryThreads } from '../../src/daemon/query-threads.ts';
import { HANG_MS, LOOK_MS } from '../../src/daemon/thread-looks.ts';
import type { LeftAlone } from '../../src/host/left-alone.ts';
import { FakeThread } from './fake-thread.ts';

let said: string[];
let kept: string[][];
let ends: number;
beforeEach(() => {
  [said, kept, ends] = [[], [], 0];
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
});
afterEach(() => mock.timers.reset());

function over(threads: FakeThread[], leftAlone: LeftAlone[] = []) {
  return new QueryThreads({
    start: (share) => {
      const thread = threads.shift() ?? assert.fail('one thread too many');
      thread.share = share;
      return thread;
    },
    warn: () => {},
    say: (severity, text) => said.push(`${severity} ${text}`),
    hangMs: () => HANG_MS,
    placeOf: async (path) =>
      path.startsWith('/dead') ? { name: '/dead (nfs)', paths: ['/dead'] } : { name: path, paths: [path] },
    leftAlone,
    keep: (places) => kept.push(places.map(({ path }) => path)),
    tooMany: () => {
      ends += 1;
    },
  });
}

/** Looks so many times. */
async function look(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    mock.timers.tick(LOOK_MS);
    await setImmediate();
  }
}

const TO_HANG = HANG_MS / LOOK_MS + 1;

test('a thread that hangs is given up within ten seconds, its place said and left alone', async () => {
  const [stuck, fresh] = [new FakeThread().hanging('/dead/x'), new FakeThread().answering('{}')];
  const threads = over([stuck, fresh]);
  const answer = threads.run('select 1', {}, undefined, { name: 'q' });
  answer.catch(() => {});
  await setImmediate();
  await look(TO_HANG - 1);
  assert.deepEqual([said, stuck.terminated], [[], false]);
  await look(1);
  await assert.rejects(answer, /^QueryHung: its thread hangs in stat of \/dead\/x for 8 s$/);
  assert.deepEqual(said, [
    'WARNING SQL thread hangs in stat of /dead/x for 8 s; /dead (nfs) is left alone for 600 s; ' +
      'query q has no answer this time',
  ]);
  assert.deepEqual(kept, [['/dead']]);
  assert.equal(threads.hanging, 1);
  // The next thread is there at once, and knows.
  await threads.run('select 2');
  assert.deepEqual(fresh.asked[0]!.leftAlone, [{ path: '/dead', until: 1_000_000 + 8500 + 600_000 }]);
  // The old one came back.
  stuck.emit('exit');
  assert.equal(threads.hanging, 0);
  mock.timers.tick(600_000);
  await threads.run('select 3');
  assert.equal(fresh.asked[1]!.leftAlone, undefined);
  assert.deepEqual(kept.at(-1), []);
});

test('one that goes from call to call does not hang', async () => {
  const busy = new FakeThread();
  const threads = over([busy]);
  const answer = threads.run('select 1');
  await setImmediate();
  for (let i = 0; i < 40; i++) {
    busy.share!.activity.enter('stat', '/same');
    await look(1);
    busy.share!.activity.leave();
  }
  busy.answering('{}').answer(busy.asked[0]!);
  assert.equal((await answer).rows.length, 1);
  assert.deepEqual(said, []);
});

test('a directory service that hangs is said, and nothing is left alone', async () => {
  const stuck = new FakeThread();
  stuck.answer = () => stuck.share!.activity.enter('accounts', '');
  const threads = over([stuck]);
  const answer = threads.run('select 1', {}, undefined, { name: 'q' });
  answer.catch(() => {});
  await setImmediate();
  await look(TO_HANG);
  await assert.rejects(answer, /^QueryHung: its thread hangs in accounts for 8 s$/);
  assert.deepEqual(said, ['WARNING SQL thread hangs in accounts for 8 s; query q has no answer this time']);
  assert.deepEqual(threads.leftAlone(), []);
});

test('three may hang; at the next one the process had better end', async () => {
  const threads = over(Array.from({ length: 4 }, (_, i) => new FakeThread().hanging(`/home/${i}`)));
  for (let i = 0; i < 4; i++) {
    assert.equal(ends, 0);
    const answer = threads.run('select 1');
    answer.catch(() => {});
    await setImmediate();
    await look(TO_HANG);
    await assert.rejects(answer, /QueryHung/);
  }
  assert.equal(ends, 1);
  assert.match(said.at(-2) ?? '', /^ERROR 4 SQL threads hang/);
  assert.deepEqual(kept.at(-1), ['/home/0', '/home/1', '/home/2', '/home/3']);
});

test('closed, it waits for no thread that hangs', async () => {
  const threads = over([new FakeThread().hanging('/dead/x')]);
  void threads.run('select 1');
  await setImmediate();
  const closed = threads.close();
  mock.timers.tick(1000);
  await closed;
  assert.equal(threads.hanging, 1);
});

test('a second thread is there while the first is busy, and ends when nobody needs it', async () => {
  const [first, second] = [new FakeThread(), new FakeThread().answering('{}')];
  const threads = over([first, second, new FakeThread().answering('{}')]);
  const slow = threads.run('slow');
  await threads.run('quick');
  await threads.run('quick');
  assert.deepEqual([first.asked.length, second.asked.length], [1, 2]);
  first.answering('{}').answer(first.asked[0]!);
  await slow;
  await threads.run('quick');
  assert.equal(first.asked.length, 2);
  mock.timers.tick(9_999);
  assert.equal(second.terminated, false);
  mock.timers.tick(1);
  await setImmediate();
  assert.deepEqual([first.terminated, second.terminated], [false, true]);
});

test('never more than two: the third waits; what is stopped is stopped by name', async () => {
  const [first, second] = [new FakeThread(), new FakeThread()];
  const threads = over([first, second, new FakeThread().answering('{}')]);
  const answers = ['a', 'b', 'c'].map((name) => threads.run(name, {}, undefined, { name }));
  await setImmediate();
  assert.deepEqual([first.asked.length, second.asked.length], [1, 1]);
  threads.stop('b', 'CPU');
  second.reply({ id: second.asked[0]!.id, kind: 'failed', message: 'interrupted', outOfMemory: false });
  await assert.rejects(answers[1]!, /^QueryStopped: CPU$/);
  assert.equal((await answers[2]!).rows.length, 1);
  first.answering('{}').answer(first.asked[0]!);
  await answers[0];
});
