/** What was logged while the disk took nothing: remembered, bounded, kept later. */
import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { compare, compareEvents } from '../../src/results/differ.ts';
import type { RowText } from '../../src/results/row.ts';
import { storeOver } from '../../src/store/sqlite-store.ts';
import { type Store, StoreDamaged, StoreFull } from '../../src/store/store.ts';
import { random } from '../engine/support.ts';
import { breaking, empty } from './breaking.ts';

const FULL = 13;
const CORRUPT = 11;
/** Characters that are remembered here. */
const MOST = 20_000;

let database: DatabaseSync;
let store: Store;
let full: number | undefined;
/** Whether only the end of a transaction finds out. */
let late: boolean;
let logged: string[];
let queued: string[];
let warnings: string[];

function open(file = empty()): void {
  database = file;
  const fails = (_: number, sql: string) =>
    (late ? /^COMMIT/ : /^(INSERT|UPDATE|DELETE)/).test(sql) ? full : undefined;
  store = storeOver(
    breaking(database, fails).connection,
    () => empty(),
    (text) => warnings.push(text),
    MOST,
  );
}
beforeEach(() => {
  [full, late, logged, queued, warnings] = [undefined, true, [], [], []];
  open();
});
afterEach(() => store[Symbol.dispose]());

/** A run as the scheduler makes it. */
function run(texts: readonly string[], { name = 'q', epoch = 0n, takes = true } = {}): void {
  const rows = texts.map((a) => JSON.stringify({ a }) as RowText);
  const difference = compare(store, { name, sql: 's', epoch }, rows);
  const lines = [...difference.removed.map((row) => `-${row}`), ...difference.added.map((row) => `+${row}`)];
  const shown = lines.map((line) => line[0] + JSON.parse(line.slice(1)).a).sort();
  store.keepRun(
    { ...difference.change(1), queued: shown },
    {
      lines: () => {
        if (takes) logged.push(...shown);
        return takes;
      },
      queue: (more) => {
        for (const line of more) store.logs('tls').append(line);
        queued.push(...more);
      },
    },
  );
}

const keptRows = () =>
  (database.prepare('SELECT row, copies FROM results').all() as { row: string; copies: number }[])
    .map(({ row, copies }) => JSON.parse(row).a.repeat(copies))
    .sort();

for (const when of [false, true])
  test(`each row is logged once, and kept when there is room (found out at the ${when ? 'end' : 'first statement'})`, () => {
    late = when;
    run(['a', 'b', 'b']);
    full = FULL;
    run(['b', 'b', 'c']);
    run(['b', 'b', 'c']);
    run(['b', 'c', 'c', 'd']);
    run(['a', 'd']);
    assert.deepEqual(logged, ['+a', '+b', '+b', '+c', '-a', '+c', '+d', '-b', '+a', '-b', '-c', '-c']);
    assert.deepEqual(keptRows(), ['a', 'bb']);
    full = undefined;
    run(['a', 'd']);
    assert.deepEqual(keptRows(), ['a', 'd']);
    assert.equal(logged.length, 12);
    assert.deepEqual(warnings, [
      'cannot be written: disk error 13; what is logged is remembered in memory until it can',
      'is written again',
    ]);
    // Loggers that keep their lines in the store have each of them, too, and once.
    assert.deepEqual(
      store
        .logs('tls')
        .oldest(99)
        .map(({ line }) => line),
      logged,
    );
  });

test('the same as without a full disk, on random runs', () => {
  const next = random(815);
  let before: string[] = [];
  for (let i = 0; i < 300; i++) {
    full = next() < 0.6 ? FULL : undefined;
    late = next() < 0.5;
    const now = Array.from({ length: Math.floor(next() * 12) }, () => String.fromCharCode(97 + Math.floor(next() * 8)));
    logged = [];
    run(now, { epoch: BigInt(Math.floor(i / 50)) });
    const fresh = i % 50 === 0;
    const count = (list: readonly string[], text: string) => list.filter((one) => one === text).length;
    for (const text of new Set([...before, ...now])) {
      const more = count(now, text) - (fresh ? 0 : count(before, text));
      assert.deepEqual([count(logged, `+${text}`), count(logged, `-${text}`)], [Math.max(0, more), Math.max(0, -more)]);
    }
    before = now;
  }
  full = undefined;
  run(before, { epoch: 5n });
  assert.deepEqual(keptRows().join(''), [...before].sort().join(''));
});

test('what other queries left is kept as well, one with each run, and all of it at the end', () => {
  full = FULL;
  for (const name of ['one', 'two', 'three', 'four']) run([name], { name });
  full = undefined;
  assert.deepEqual(keptRows(), []);
  run(['five'], { name: 'five' });
  assert.deepEqual(keptRows(), ['five', 'one']);
  const file = database;
  const close = file.close.bind(file);
  file.close = () => {};
  store[Symbol.dispose]();
  assert.deepEqual(keptRows(), ['five', 'four', 'one', 'three', 'two']);
  close();
  open();
});

test('beyond its bound nothing is logged before it can be kept', () => {
  full = FULL;
  run(['a'.repeat(5000)]);
  const many = Array.from({ length: 50 }, (_, i) => `${i}${'x'.repeat(500)}`);
  logged = [];
  // At the first statement, as most of it goes to the disk before it is logged.
  late = false;
  for (let i = 0; i < 5; i++) assert.throws(() => run(many, { name: 'many' }), { name: 'NotLogged' });
  assert.deepEqual(warnings.slice(1), [
    'many changed more than there is room for in memory: it is not logged before it can be kept',
  ]);
  assert.deepEqual(logged, []);
  // What is small enough goes on.
  run(['b'], { name: 'small' });
  assert.deepEqual(logged, ['+b']);
  full = undefined;
  run(many, { name: 'many' });
  assert.equal(logged.length, 51);
});

test('where nobody takes the lines nothing is kept nor remembered, with room or without', () => {
  run(['a']);
  for (full of [undefined, FULL]) {
    assert.throws(() => run(['b'], { takes: false }), { name: 'NotLogged' });
    run(['b']);
    assert.deepEqual(logged.splice(0), full ? ['+b', '-a'] : ['+a', '+b', '-a']);
    full = undefined;
    run(['a']);
    logged = [];
  }
});

test('a disk that is full each second moment is said once an hour', () => {
  for (let i = 0; i < 20; i++) {
    full = i % 2 === 0 ? FULL : undefined;
    run([String(i)]);
  }
  assert.equal(warnings.length, 2);
});

test('events are told once: a query goes on where it was, also under another name', () => {
  const seen = (eid: number) => ({ sql: 's', identity: 'e', cursors: new Map([['process_events', eid]]) });
  const events = (name: string, eid: number) => {
    const { change } = compareEvents(store, { name, sql: 's', epoch: 0n }, ['{"a":1}' as RowText]);
    store.keepRun({ ...change(1), seen: seen(eid) }, { lines: () => true });
    return compareEvents(store, { name, sql: 's', epoch: 0n }, ['{"a":1}' as RowText]).counter;
  };
  const at = (name: string) => store.cursors.of(name, 'e').get('process_events');
  events('q', 5);
  full = FULL;
  assert.equal(events('q', 9), 3n);
  assert.deepEqual([at('q'), store.cursors.of('q', 'other').size], [9, 0]);
  assert.equal(store.cursors.least(['q'], 'process_events', 'e'), 9);
  assert.deepEqual(store.cursors.known().at(-1), ['e', 'process_events', 9]);
  assert.throws(() => store.transaction(() => store.cursors.reschedule(new Map([['r', 's']]))), StoreFull);
  assert.equal(at('r'), 9);
  store.keepRun({ query: 'snapshot', seen: seen(7) }, { lines: () => true });
  assert.equal(at('snapshot'), 7);
  full = undefined;
  store.transaction(() => store.cursors.reschedule(new Map([['r', 's']])));
  assert.equal(at('r'), 9);
  for (let i = 0; i < 5; i++) run([String(i)]);
  const kept = database.prepare("SELECT query, eid FROM cursors WHERE query IN ('r', 'snapshot') ORDER BY 1").all();
  assert.deepEqual(
    kept.map((row) => ({ ...row })),
    [
      { query: 'r', eid: 9 },
      { query: 'snapshot', eid: 7 },
    ],
  );
});

test('a store that turns out to be damaged meanwhile: the new one begins anew', () => {
  run(['a']);
  full = FULL;
  run(['b']);
  full = CORRUPT;
  assert.throws(() => run(['b', 'c']), StoreDamaged);
  logged = [];
  full = undefined;
  run(['b', 'c']);
  assert.deepEqual(logged, ['+b', '+c']);
});

test('bits that a disk lost cost what they were, and not the query', () => {
  run(['a', 'b']);
  database.exec("UPDATE queries SET epoch = 'x', counter = ''");
  logged = [];
  run(['a', 'c']);
  assert.deepEqual(logged, ['+a', '+c']);
  run(['c']);
  assert.deepEqual(logged.slice(2), ['-a']);
});
