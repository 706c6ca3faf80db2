import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mock, test } from 'node:test';
import { Activity } from '../../src/base/activity.ts';
import type { NextFiles } from '../../src/events/files/hand-over.ts';
import { FileProgress } from '../../src/events/files/progress.ts';
import { type FilesStart, FilesThreads, type HearingThread } from '../../src/main/daemon/files-threads.ts';

const PENDING = { path: '/w/x', action: 'CREATED', occurred: 5_000_000n, cookie: 0, pid: 7, hash: true } as const;

/** A thread that does what a test says; that it was terminated ends it only if it does not hang. */
class FakeThread extends EventEmitter implements HearingThread {
  readonly its: FilesStart;
  readonly activity: Activity;
  readonly progress: FileProgress;
  terminated = false;

  constructor(its: FilesStart) {
    super();
    this.its = its;
    this.activity = new Activity(its.activity);
    this.progress = new FileProgress(its.progress);
  }

  terminate(): Promise<void> {
    this.terminated = true;
    return new Promise(() => {});
  }

  unref(): void {}
}

function over() {
  const threads: FakeThread[] = [];
  const said: string[] = [];
  const attached: NextFiles[] = [];
  const closed: number[] = [];
  const all = new FilesThreads({
    start: (its) => {
      threads.push(new FakeThread(its));
      return threads.at(-1)!;
    },
    attach: (next) => attached.push(next),
    closeDescriptors: (descriptors) => closed.push(...descriptors),
    placeOf: (path) => path,
    hangMs: 8000,
    say: (severity, message) => said.push(`${severity} ${message}`),
  });
  /** So many seconds pass. */
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds * 2; i++) {
      clock += 500;
      mock.timers.tick(500);
    }
  };
  return { all, threads, said, attached, closed, pass };
}

let clock = 0;

function withClock(name: string, work: () => Promise<void>): void {
  test(name, async () => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
    const now = mock.method(performance, 'now', () => clock);
    try {
      await work();
    } finally {
      now.mock.restore();
      mock.timers.reset();
    }
  });
}

withClock('a thread that hangs is given up, and the next one knows where, and since when', async () => {
  const { all, threads, said, attached, closed, pass } = over();
  const [first] = threads;
  first!.emit('message', { kind: 'descriptors', descriptors: [20, 21] });
  // It works, call after call.
  for (let i = 0; i < 20; i++) {
    first!.activity.enter('stat', '/w/a');
    pass(1);
  }
  assert.equal(first!.terminated, false);
  first!.progress.note(1234, 3);
  first!.progress.pending = PENDING;
  first!.activity.enter('open', '/w/x');
  pass(9);
  assert.equal(first!.terminated, true);
  assert.deepEqual(closed, [20, 21]);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^WARNING inotify: open \/w\/x does not return since 8 s: .*; \/w\/x is left alone/);
  const [, second] = threads;
  assert.deepEqual(second!.its.left, { since: 1234, pending: PENDING });
  assert.equal(attached[0]!.hung, 3);
  const [place] = second!.its.leftAlone;
  assert.deepEqual([place!.path, place!.until[0]], ['/w/x', Number.POSITIVE_INFINITY]);
  // Should it hang before it has told what the first one left.
  assert.deepEqual(second!.progress.pending, PENDING);
  // The first one comes back after all: the place is free after a while.
  first!.emit('exit');
  assert.ok(place!.until[0]! < Date.now() + 10 * 60_000 + 1);
  const ended = all.close();
  second!.emit('exit');
  await ended;
});

withClock(
  'after four that hang the next one looks at no file; after six there is none, until some come back',
  async () => {
    const { all, threads, said, attached, pass } = over();
    for (let i = 0; i < 4; i++) {
      assert.equal(threads[i]!.its.looks, true);
      threads[i]!.activity.enter('list', `/w/${i}`);
      pass(9);
    }
    assert.equal(threads.length, 5);
    assert.equal(threads[4]!.its.looks, false);
    assert.match(said.at(-1)!, /^ERROR inotify: 4 threads that hear of files hang.* not looked at/);
    assert.ok(attached.at(-1)!.channel !== undefined);
    pass(3600);
    assert.equal(threads.length, 5);
    // Two come back: long ago they hung.
    for (const thread of threads.slice(0, 2)) thread.emit('exit');
    pass(61);
    assert.equal(Atomics.load(threads[4]!.its.stop, 0), 1);
    threads[4]!.progress.note(99, 0);
    threads[4]!.emit('exit');
    assert.equal(threads.length, 6);
    assert.deepEqual([threads[5]!.its.looks, threads[5]!.its.left?.since], [true, 99]);
    assert.deepEqual(
      threads[5]!.its.leftAlone.map(({ path }) => path),
      ['/w/2', '/w/3'],
    );
    for (let i = 5; i < 9; i++) {
      threads[i]!.activity.enter('watch', `/w/${i}`);
      pass(9);
    }
    assert.equal(threads.length, 9);
    assert.match(said.at(-1)!, /^ERROR inotify: 6 threads that hear of files hang.* not heard of/);
    assert.equal(attached.at(-1)!.channel, undefined);
    pass(3600);
    assert.equal(threads.length, 9);
    threads[8]!.emit('exit');
    pass(61);
    assert.deepEqual([threads.length, threads[9]!.its.looks], [10, false]);
    threads[9]!.emit('exit');
    await all.close();
  },
);

withClock('one that fails is started anew, and leaves alone what it failed on', async () => {
  const { all, threads, said, pass } = over();
  threads[0]!.progress.note(1234, 1);
  threads[0]!.progress.pending = PENDING;
  threads[0]!.emit('error', new Error('odd'));
  threads[0]!.emit('exit');
  assert.match(said[0]!, /^ERROR inotify: files are not heard of: odd; starts anew in 1 s/);
  pass(1);
  assert.deepEqual(threads[1]!.its.left, { since: 1234, pending: PENDING });
  assert.equal(threads[1]!.its.leftAlone[0]!.path, '/w/x');
  threads[1]!.emit('exit');
  await all.close();
});

withClock('the end waits for what was heard, but not for a thread that hangs', async () => {
  const { all, threads, pass } = over();
  const ended = all.close();
  assert.equal(Atomics.load(threads[0]!.its.stop, 0), 1);
  pass(1);
  await ended;
  assert.equal(threads[0]!.terminated, true);
});
