import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { QueryRequest } from '../../src/daemon/query-protocol.ts';
import { QueryThread } from '../../src/daemon/query-thread.ts';
import { LOOK_MS } from '../../src/daemon/thread-looks.ts';
import type { ThreadUse } from '../../src/daemon/thread-use.ts';
import type { RowText } from '../../src/results/row.ts';
import { FakeThread } from './fake-thread.ts';

function over(...threads: FakeThread[]) {
  const warnings: string[] = [];
  let cancel: Int32Array | undefined;
  const queries = new QueryThread(
    (share) => {
      ({ cancel } = share);
      return threads.shift() ?? assert.fail('one thread too many');
    },
    (text) => warnings.push(text),
  );
  return { queries, warnings, cancelled: () => cancel![0] !== 0 };
}

test('answers with all rows, query after query in one thread', async () => {
  const thread = new FakeThread().answering('{"a":1}', '{"a":2}');
  const { queries } = over(thread);
  const answers = await Promise.all([queries.run('select 1'), queries.run('select 2')]);
  assert.deepEqual(
    answers.map(({ rows, userMs, systemMs }) => [rows.length, userMs, systemMs]),
    [
      [2, 1, 2],
      [2, 1, 2],
    ],
  );
  assert.deepEqual(
    thread.asked.map(({ sql }) => sql),
    ['select 1', 'select 2'],
  );
  assert.notEqual(thread.asked[0]!.id, thread.asked[1]!.id);
});

test('a query that fails, fails alone; warnings are passed on', async () => {
  const thread = new FakeThread();
  const { queries, warnings } = over(thread);
  thread.answer = ({ id }) => {
    thread.reply({ id, kind: 'warning', text: 'careful' });
    thread.reply({ id, kind: 'failed', message: 'no such column: nope', outOfMemory: false });
  };
  await assert.rejects(queries.run('select nope'), /^Error: no such column: nope$/);
  assert.deepEqual(warnings, ['careful']);
  thread.answering('{}');
  assert.equal((await queries.run('select 1')).rows.length, 1);
});

test('over its deadline a query is stopped', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const thread = new FakeThread();
    const { queries, cancelled } = over(thread, new FakeThread().answering());
    const answer = queries.run('endless', { deadlineMs: 1000 });
    await Promise.resolve();
    mock.timers.tick(999);
    assert.equal(cancelled(), false);
    mock.timers.tick(1);
    assert.equal(cancelled(), true);
    thread.reply({ id: thread.asked[0]!.id, kind: 'failed', message: 'interrupted', outOfMemory: false });
    await assert.rejects(answer, /took longer than 1000 ms$/);
    // Only a new thread gives back the memory.
    assert.equal(thread.terminated, true);
    await queries.run('next', { deadlineMs: 1000 });
    assert.equal(cancelled(), false);
  } finally {
    mock.timers.reset();
  }
});

test('a thread that does not stop is replaced', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const [stuck, fresh] = [new FakeThread(), new FakeThread().answering('{}')];
    const { queries } = over(stuck, fresh);
    const answer = queries.run('stuck', { deadlineMs: 1000 });
    await Promise.resolve();
    mock.timers.tick(1000);
    mock.timers.tick(5000);
    await assert.rejects(answer, /did not stop; its thread was replaced/);
    assert.equal(stuck.terminated, true);
    assert.equal((await queries.run('select 1')).rows.length, 1);
    // What the old one still says concerns nobody.
    stuck.reply({ id: 2, kind: 'failed', message: 'late', outOfMemory: false });
    stuck.emit('exit');
    assert.equal((await queries.run('select 1')).rows.length, 1);
  } finally {
    mock.timers.reset();
  }
});

test('a thread that dies fails its query and is replaced', async () => {
  for (const [event, message] of [
    ['error', /its thread failed: out of memory/],
    ['exit', /its thread ended/],
  ] as const) {
    const [dying, fresh] = [new FakeThread(), new FakeThread().answering('{}')];
    const { queries } = over(dying, fresh);
    dying.answer = () => dying.emit(event, new Error('out of memory'));
    await assert.rejects(queries.run('select 1'), message);
    assert.equal((await queries.run('select 1')).rows.length, 1);
  }
});

test('closed, it lets go of what runs, and answers nobody', async () => {
  const thread = new FakeThread();
  const { queries, cancelled } = over(thread);
  const answers = ['endless', 'the next'].map((sql) => queries.run(sql, { deadlineMs: 3_600_000 }));
  await Promise.resolve();
  await queries.close();
  assert.equal(cancelled(), true);
  assert.equal(thread.terminated, true);
  thread.emit('exit');
  answers.push(queries.run('one more'));
  for (const answer of answers) assert.equal(await Promise.race([answer, setImmediate('no answer')]), 'no answer');
});

test('a query that returns too much is stopped, and its rows are let go', async () => {
  const thread = new FakeThread();
  const { queries, cancelled } = over(thread, new FakeThread().answering('{}'));
  const answer = queries.run('large', { characters: 10 });
  await Promise.resolve();
  const [{ id }] = thread.asked as [QueryRequest];
  thread.reply({ id, kind: 'rows', rows: ['12345', '12345'] as RowText[] });
  assert.equal(cancelled(), false);
  thread.reply({ id, kind: 'rows', rows: ['1'] as RowText[] });
  assert.equal(cancelled(), true);
  thread.reply({ id, kind: 'failed', message: 'interrupted', outOfMemory: false });
  await assert.rejects(answer, /^QueryForgiven: returned more than 10 characters$/);
  assert.equal((await queries.run('next')).characters, 2);
});

test('a query that is stopped from outside, or that runs out of memory, is told from one that fails', async () => {
  const [stopped, full, dead] = [new FakeThread(), new FakeThread(), new FakeThread()];
  const { queries } = over(stopped, full, dead, new FakeThread().answering('{}'));
  queries.stop('nothing runs');
  const first = queries.run('one');
  await Promise.resolve();
  queries.stop('Memory limits exceeded');
  stopped.reply({ id: 1, kind: 'done', costs: { userMs: 0, systemMs: 0, memory: 0 } });
  await assert.rejects(first, /^QueryStopped: Memory limits exceeded$/);
  full.answer = ({ id }) => full.reply({ id, kind: 'failed', message: 'out of memory', outOfMemory: true });
  await assert.rejects(queries.run('two'), /^QueryStopped: out of memory$/);
  dead.answer = () => dead.emit('error', Object.assign(new Error('heap'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }));
  await assert.rejects(queries.run('three'), /^QueryStopped: needs too much memory$/);
  assert.equal((await queries.run('four')).rows.length, 1);
});

test('over the time of all queries one is late, which is not its fault', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const thread = new FakeThread();
    const { queries } = over(thread);
    const answer = queries.run('slow', { deadlineMs: 1000, forgiving: true });
    await Promise.resolve();
    mock.timers.tick(1000);
    thread.reply({ id: thread.asked[0]!.id, kind: 'failed', message: 'interrupted', outOfMemory: false });
    await assert.rejects(answer, /^QueryForgiven: took longer than 1000 ms$/);
  } finally {
    mock.timers.reset();
  }
});

test('a thread in which SQLite holds much is replaced', async () => {
  const [large, fresh] = [new FakeThread(), new FakeThread().answering('{}')];
  const { queries } = over(large, fresh);
  large.answer = ({ id }) =>
    large.reply({ id, kind: 'done', costs: { userMs: 1, systemMs: 2, memory: 3 }, held: 48 * 1024 * 1024 });
  assert.equal((await queries.run('large')).took, 40 * 1024 * 1024);
  await queries.run('next');
  assert.deepEqual([large.terminated, fresh.asked.length], [true, 1]);
});

test('says what a query uses, and stops one that uses too much', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  try {
    const thread = new FakeThread();
    const { queries, cancelled } = over(thread);
    const heard: ThreadUse[] = [];
    const asker = { name: 'q', uses: (use: ThreadUse) => void heard.push(use) };
    const answer = queries.run('large', { memory: 10 * 1024 * 1024 }, undefined, asker);
    await Promise.resolve();
    thread.memory = 25 * 1024 * 1024;
    mock.timers.tick(LOOK_MS);
    await setImmediate();
    assert.deepEqual(heard, [{ cpuMs: 300, memory: 5 * 1024 * 1024 }]);
    assert.equal(cancelled(), false);
    thread.memory = 35 * 1024 * 1024;
    mock.timers.tick(LOOK_MS);
    await setImmediate();
    assert.equal(cancelled(), true);
    thread.reply({ id: thread.asked[0]!.id, kind: 'failed', message: 'interrupted', outOfMemory: false });
    await assert.rejects(answer, /^QueryStopped: needs more than 10 MB$/);
  } finally {
    mock.timers.reset();
  }
});

test('a query makes room as soon as it lets itself be stopped, and is not blamed', async () => {
  const [slow, fresh] = [new FakeThread(), new FakeThread().answering('{}')];
  const { queries, cancelled } = over(slow, fresh);
  const answer = queries.run('slow');
  await Promise.resolve();
  queries.putOff();
  assert.equal(cancelled(), true);
  slow.reply({ id: slow.asked[0]!.id, kind: 'failed', message: 'interrupted', outOfMemory: false });
  await assert.rejects(answer, /^QueryPutOff: /);
  assert.equal((await queries.run('next')).rows.length, 1);
});
