import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { compare, type Difference, type Ran } from '../../src/results/differ.ts';
import type { RowText } from '../../src/results/row.ts';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';
import { NotLogged, type Store } from '../../src/store/store.ts';
import { random } from '../engine/support.ts';

let store: Store;
beforeEach(() => {
  store = openMemoryStore();
});
afterEach(() => store[Symbol.dispose]());

const rows = (...texts: string[]) => texts.map((text) => JSON.stringify({ a: text }) as RowText);

/** Runs a query and keeps what came of it. */
function run(texts: readonly string[], ran: Partial<Ran> = {}): Difference {
  const difference = compare(store, { name: 'q', sql: 'select 1', epoch: 0n, ...ran }, rows(...texts));
  store.keepRun(difference.change(1700000000), { lines: () => true });
  return difference;
}

const shown = ({ added, removed, counter, reason }: Difference) => [
  added.map((row) => JSON.parse(row).a).join(''),
  removed
    .map((row) => JSON.parse(row).a)
    .sort()
    .join(''),
  Number(counter),
  reason,
];

test('a first run adds all, later ones what changed; the counter grows with each change', () => {
  assert.deepEqual(shown(run(['a', 'b', 'b'])), ['abb', '', 0, 'new']);
  assert.deepEqual(shown(run(['b', 'a', 'b'])), ['', '', 0, 'same']);
  assert.deepEqual(shown(run(['b', 'c', 'a'])), ['c', 'b', 1, 'same']);
  assert.deepEqual(shown(run([])), ['', 'abc', 2, 'same']);
  assert.deepEqual(shown(run([])), ['', '', 2, 'same']);
  assert.deepEqual(shown(run(['a', 'a', 'a'])), ['aaa', '', 3, 'same']);
  assert.deepEqual(shown(run(['a'])), ['', 'aa', 4, 'same']);
});

test('a first run without rows is a first run', () => {
  assert.deepEqual(shown(run([])), ['', '', 0, 'new']);
  assert.deepEqual(shown(run(['a'])), ['a', '', 1, 'same']);
});

test('a new epoch begins anew', () => {
  run(['a', 'b']);
  run(['b']);
  assert.deepEqual(shown(run(['b', 'c'], { epoch: 18446744073709551615n })), ['bc', '', 0, 'epoch']);
  assert.deepEqual(shown(run(['c'], { epoch: 18446744073709551615n })), ['', 'b', 1, 'same']);
});

test('a query that is written anew is compared with what the old one returned', () => {
  run(['a', 'b']);
  assert.deepEqual(shown(run(['b', 'c'], { sql: 'select 2' })), ['c', 'a', 1, 'sql']);
  assert.deepEqual(shown(run(['b', 'c'], { sql: 'select 3' })), ['', '', 1, 'sql']);
  assert.deepEqual(shown(run(['b', 'c'], { sql: 'select 3' })), ['', '', 1, 'same']);
});

test('queries do not see each other’s rows', () => {
  run(['a'], { name: 'one' });
  assert.deepEqual(shown(run(['a'], { name: 'two' })), ['a', '', 0, 'new']);
  assert.deepEqual(shown(run([], { name: 'one' })), ['', 'a', 1, 'same']);
});

test('what was not kept is found again', () => {
  run(['a']);
  compare(store, { name: 'q', sql: 'select 1', epoch: 0n }, rows('b'));
  const { change } = compare(store, { name: 'q', sql: 'select 1', epoch: 0n }, rows('b'));
  const lines = () => {
    throw new Error('the line could not be logged');
  };
  assert.throws(() => store.keepRun(change(1), { lines }), /the line could not be logged/);
  assert.throws(() => store.keepRun(change(1), { lines: () => false }), NotLogged);
  assert.deepEqual(shown(run(['b'])), ['b', 'a', 1, 'same']);
});

test('queries that ran long ago are forgotten, unless they are still to run', () => {
  run(['a']);
  while (store.results.forget(1800000000, ['other', 'q']));
  assert.equal(shown(run(['a']))[3], 'same');
  while (store.results.forget(1700000000));
  assert.deepEqual(shown(run(['a'])), ['', '', 0, 'same']);
  while (store.results.forget(1700000001));
  assert.deepEqual(shown(run(['a'])), ['a', '', 0, 'new']);
});

test('the same as counting rows, on random runs', () => {
  const next = random(4711);
  let before: string[] = [];
  for (let i = 0; i < 300; i++) {
    const now = Array.from({ length: Math.floor(next() * 30) }, () =>
      String.fromCharCode(97 + Math.floor(next() * 12)),
    );
    const { added, removed } = run(now);
    const count = (list: readonly string[], text: string) => list.filter((one) => one === text).length;
    for (const text of new Set([...before, ...now])) {
      const [row] = rows(text) as [RowText];
      const change = count(now, text) - count(before, text);
      assert.equal(count(added, row), i === 0 ? count(now, text) : Math.max(0, change), text);
      assert.equal(count(removed, row), Math.max(0, -change), text);
    }
    before = now;
  }
});

test('of 100,000 rows with 10 changed only what changed is held', () => {
  function* many(from: number): Generator<RowText> {
    for (let i = from; i < from + 100_000; i++)
      yield `{"path":"/some/where/long/enough/to/be/a/path/${i}","size":${i}}` as RowText;
  }
  const ran = { name: 'many', sql: 's', epoch: 0n };
  const lines = () => true;
  store.keepRun(compare(store, ran, many(0)).change(1), { lines });
  const { added, removed, change } = compare(store, ran, many(10));
  assert.equal(added.length, 10);
  assert.equal(removed.length, 10);
  store.keepRun(change(2), { lines });
  assert.deepEqual(compare(store, ran, many(10)).added, []);
});
