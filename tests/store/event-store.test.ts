import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { isDamage } from '../../src/store/damaged.ts';
import { EventReader, EventStore } from '../../src/store/event-store.ts';
import { random } from '../engine/support.ts';
import { packed } from './packs.ts';

const TABLE = 'process_events';
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-events-'));
  path = join(folder, 'events.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

function opened(known = 0): EventStore {
  const store = new EventStore(path);
  store.open(TABLE, known);
  return store;
}

/** Events of these seconds. */
function append(store: EventStore, ...times: number[]): void {
  const events = times.map((time) => ({ time, occurred: BigInt(time) * 10n ** 9n, text: `at ${time}` }));
  store.append(TABLE, 'texts', packed(events));
}

const ids = (reader: EventReader, range = {}) => [...reader.range(TABLE, range)].map(({ eid }) => eid);

test('what is written is read, by ids and by times', () => {
  using store = opened();
  using reader = new EventReader(path);
  assert.deepEqual([reader.last(TABLE), ids(reader)], [0, []]);
  append(store, 100, 101, 102, 102);
  assert.deepEqual(
    [...reader.range(TABLE, { upTo: 1 })].map(({ eid, time, occurred, form, bytes, size }) => [
      ...[eid, time, occurred, form, bytes.toString(), size],
    ]),
    [[1, 100, 100_000_000_000n, 'texts', 'at 100', 6]],
  );
  assert.deepEqual(ids(reader, { after: 1, upTo: 3 }), [2, 3]);
  assert.deepEqual(ids(reader, { minTime: 101, maxTime: 101 }), [2]);
  assert.deepEqual(ids(reader, { after: 2, minTime: 102 }), [3, 4]);
  assert.deepEqual(ids(reader, { minTime: 103 }), []);
  assert.equal(reader.last(TABLE), 4);
  assert.deepEqual([...reader.range('other_events')], []);
  assert.deepEqual([...reader.range("x'; drop table process_events; --_events")], []);
});

test('when it was, to the nanosecond, of as many as one pack holds and of one more', () => {
  using store = opened();
  using reader = new EventReader(path);
  const times = Array.from({ length: 257 }, (_, i) => 1_795_469_229_940_123_456n + BigInt(i)).with(3, -1_000_000_001n);
  store.append(TABLE, 'texts', packed(times.map((occurred, i) => ({ time: 5, occurred, text: `${i}` }))));
  const found = [...reader.range(TABLE)];
  assert.deepEqual(
    found.map(({ occurred }) => occurred),
    times,
  );
  assert.deepEqual(
    found.map(({ eid, time, bytes }) => [eid, time, bytes.toString()]),
    times.map((_, i) => [i + 1, 5, `${i}`]),
  );
  assert.deepEqual(ids(reader, { after: 254, upTo: 256 }), [255, 256]);
  assert.deepEqual(ids(reader, { after: 255 }), [256, 257]);
});

test('ids only grow: over a restart, after all events went, over what somebody has seen', () => {
  {
    using store = opened();
    append(store, 1, 2, 3);
    assert.equal(store.expire(TABLE, 100, 3), 3);
    assert.deepEqual(store.counts(TABLE), { rows: 0, bytes: 0 });
  }
  {
    using store = opened();
    append(store, 4);
    assert.equal(store.last(TABLE), 4);
  }
  using store = opened(10);
  append(store, 5);
  using reader = new EventReader(path);
  assert.deepEqual(ids(reader), [4, 11]);
  assert.equal(store.identity, reader.identity);
});

test('a range sees what there was when it began, however it is read', () => {
  using store = opened();
  using reader = new EventReader(path);
  append(store, 1, 2, 3);
  const outer = reader.range(TABLE, { upTo: 3 });
  assert.equal(outer.next().value!.eid, 1);
  append(store, 4);
  // The same range again while the first is being read, as in a join of the table with itself.
  assert.deepEqual(ids(reader, { upTo: 3 }), [1, 2, 3]);
  assert.deepEqual(
    [...outer].map(({ eid }) => eid),
    [2, 3],
  );
  assert.deepEqual(ids(reader), [1, 2, 3, 4]);
  const early = reader.range(TABLE);
  early.next();
  early.return(undefined);
  assert.deepEqual(ids(reader), [1, 2, 3, 4]);
});

test('events go by age and id, by number and by size, the oldest first and some at a time', () => {
  using store = opened();
  using reader = new EventReader(path);
  append(store, ...Array.from({ length: 2500 }, (_, i) => 100 + i));
  assert.equal(store.expire(TABLE, 110, 5), 5);
  assert.equal(store.expire(TABLE, 110, 2500), 5);
  assert.equal(store.expire(TABLE, 110, 2500), 0);
  // 12 bytes before each, then three digits of a time or four.
  assert.deepEqual(store.counts(TABLE), { rows: 2490, bytes: 890 * 18 + 1600 * 19 });
  let gone = 0;
  for (let some = -1; some !== 0; gone += some) some = store.trim(TABLE, { rows: 100, bytes: 1e9 }).events;
  assert.deepEqual([gone + 1, ids(reader).length, ids(reader)[0]], [2391, 100, 2401]);
  assert.deepEqual(store.trim(TABLE, { rows: 100, bytes: 95 }), { cause: 'bytes', events: 95, last: 2495 });
  assert.deepEqual(store.trim(TABLE, { rows: 100, bytes: 95 }), { cause: undefined, events: 0, last: 0 });
  assert.deepEqual(ids(reader), [2496, 2497, 2498, 2499, 2500]);
});

test('of events that are kept together some go, and the others stay', () => {
  using store = opened();
  using reader = new EventReader(path);
  append(store, ...Array(300).fill(100));
  assert.equal(store.expire(TABLE, 101, 10), 10);
  assert.equal(ids(reader)[0], 11);
  // 12 bytes and six for each: 21 of them, and no more than are needed.
  const { bytes } = store.counts(TABLE);
  assert.equal(bytes, 290 * 18);
  assert.deepEqual(store.trim(TABLE, { rows: 1000, bytes: bytes - 20 * 18 - 1 }), {
    cause: 'bytes',
    events: 21,
    last: 31,
  });
  // The rest of the first pack, and two of the second.
  assert.deepEqual(store.trim(TABLE, { rows: 42, bytes: 1e9 }), { cause: 'rows', events: 227, last: 258 });
  const left = [...reader.range(TABLE)];
  assert.deepEqual([left.length, left[0]!.eid, left[0]!.bytes.toString(), left.at(-1)!.eid], [42, 259, 'at 100', 300]);
  assert.deepEqual(store.counts(TABLE), { rows: 42, bytes: 42 * 18 });
  append(store, 100);
  assert.deepEqual(ids(reader, { after: 299 }), [300, 301]);
});

test('bytes are those of UTF-8, also after a restart', () => {
  const events = packed([{ time: 1, occurred: 1n, text: 'ü𝄞' }]);
  {
    using store = opened();
    store.append(TABLE, 'texts', events);
    assert.deepEqual(store.counts(TABLE), { rows: 1, bytes: 12 + 6 });
  }
  using store = opened();
  assert.deepEqual(store.counts(TABLE), { rows: 1, bytes: 12 + 6 });
  store.expire(TABLE, 2, 1);
  assert.deepEqual(store.counts(TABLE), { rows: 0, bytes: 0 });
});

test('an event is kept with the name of its form: another version of the table reads it', () => {
  using store = opened();
  store.append(TABLE, 'texts 1', packed([{ time: 1, occurred: 1n, text: '1' }]));
  store.append(TABLE, 'texts 2', packed([{ time: 2, occurred: 2n, text: '2' }]));
  using reader = new EventReader(path);
  assert.deepEqual(
    [...reader.range(TABLE)].map(({ form, bytes }) => [form, bytes.toString()]),
    [
      ['texts 1', '1'],
      ['texts 2', '2'],
    ],
  );
});

test('all of a batch or nothing', () => {
  using store = opened();
  const good = packed([{ time: 1, occurred: 1n, text: '' }]);
  assert.throws(() => store.append(TABLE, 'texts', [...good, { ...good[0]!, time: 0.5 }]));
  assert.deepEqual(store.counts(TABLE), { rows: 0, bytes: 0 });
  using reader = new EventReader(path);
  assert.deepEqual(ids(reader), []);
  assert.throws(() => store.append('other_events', 'texts', []), /other_events is not open/);
  assert.throws(() => store.open('users'), /not a name for a table of events/);
});

test('every statement finds what it wants by an index: 20 events of 100,000 cost no more than 20', (context) => {
  const statements = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  context.mock.method(DatabaseSync.prototype, 'prepare', function (this: DatabaseSync, sql: string) {
    statements.add(sql);
    return prepare.call(this, sql);
  });
  {
    using store = opened();
    append(store, 1, 2, 3, 4);
    using reader = new EventReader(path);
    assert.deepEqual([ids(reader, { after: 1 }), ids(reader, { minTime: 2 })].flat(), [2, 3, 4, 2, 3, 4]);
    store.expire(TABLE, 2, 9);
    store.trim(TABLE, { rows: 2, bytes: 1e9 });
    store.trim(TABLE, { rows: 9, bytes: 1 });
  }
  context.mock.restoreAll();
  using database = new DatabaseSync(path, { readOnly: true });
  const steps = [...statements]
    .filter((sql) => sql.includes(TABLE) && sql.includes('WHERE'))
    .flatMap((sql) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
    .map(({ detail }) => String(detail));
  const slow = steps.filter((step) => /SCAN|TEMP/.test(step));
  assert.deepEqual(slow, []);
  assert.ok(steps.includes(`SEARCH ${TABLE} USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)`));
  const byTime = `SEARCH run USING COVERING INDEX ${TABLE}_seconds_by_time`;
  assert.deepEqual(
    new Set(steps.filter((step) => step.startsWith(byTime))),
    new Set([`${byTime} (time<?)`, `${byTime} (time>? AND time<?)`]),
  );
});

test('whatever the clock does and whatever goes, ranges have what is there, in order', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const next = random(seed);
    const below = (bound: number) => Math.floor(next() * bound);
    const file = join(folder, `${seed}.sqlite`);
    let store = new EventStore(file);
    store.open(TABLE);
    using reader = new EventReader(file);
    let there: { readonly eid: number; readonly time: number }[] = [];
    let [time, eid] = [1000, 0];
    for (let step = 0; step < 60; step++) {
      // Mostly on, at times for long the same second, now and then back.
      const times = Array.from({ length: below(90) }, () => {
        if (below(3) === 0) time += below(40) === 0 ? -below(50) : below(3);
        return time;
      });
      store.append(TABLE, 'texts', packed(times.map((at) => ({ time: at, occurred: 0n, text: `${at}` }))));
      there.push(...times.map((at) => ({ eid: ++eid, time: at })));
      const what = below(6);
      if (what === 0) {
        const [before, upTo] = [time - below(20), eid - below(100)];
        for (let i = 0; i < 5; i++) store.expire(TABLE, before, upTo);
        there = there.filter((event) => event.time >= before || event.eid > upTo);
      } else if (what === 1) {
        const rows = below(300);
        while (store.trim(TABLE, { rows, bytes: 1e9 }).events > 0);
        if (there.length > rows) there = there.slice(there.length - rows);
      } else if (what === 2) {
        store[Symbol.dispose]();
        store = new EventStore(file);
        store.open(TABLE);
      }
      const [minTime, span, after] = [time - below(60), below(60), eid - below(200)];
      const maxTime = minTime + span;
      const within = there.filter((event) => event.time >= minTime && event.time <= maxTime);
      const where = `seed ${seed}, step ${step}`;
      const found = (range: object) => [...reader.range(TABLE, range)].map((event) => [event.eid, event.time]);
      const cells = (events: typeof there) => events.map((event) => [event.eid, event.time]);
      assert.deepEqual(
        found({ minTime, maxTime }),
        cells(within.toSorted((a, b) => a.time - b.time || a.eid - b.eid)),
        where,
      );
      assert.deepEqual(
        found({ after: Math.max(after, 0), minTime, maxTime, byTime: false }),
        cells(within.filter((event) => event.eid > after)),
        where,
      );
      assert.deepEqual(found({}), cells(there), where);
      assert.equal(store.counts(TABLE).rows, there.length, where);
    }
    // A second costs a row only while there are events of it, but for the newest.
    while (store.trim(TABLE, { rows: 0, bytes: 0 }).events > 0);
    using database = new DatabaseSync(file, { readOnly: true });
    const { rows } = database.prepare(`SELECT count(*) AS rows FROM ${TABLE}_seconds`).get() as { rows: number };
    assert.ok(rows <= 1, `seed ${seed}: ${rows} seconds of no events`);
    store[Symbol.dispose]();
  }
});

test('a file of another version is no file of ours: whoever opens it moves it aside', () => {
  {
    using store = opened();
    append(store, 1);
  }
  {
    using database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 1');
  }
  assert.throws(
    opened,
    (cause: Error) => isDamage(cause) && /events of version 1, this one writes 2/.test(cause.message),
  );
});

test('what cannot be a pack', () => {
  using store = opened();
  append(store, 1, 1);
  {
    using database = new DatabaseSync(path);
    database.exec(`UPDATE ${TABLE} SET bytes = substr(bytes, 1, 20)`);
  }
  using reader = new EventReader(path);
  assert.throws(() => ids(reader), { name: 'MalformedInput', message: /an event is cut/ });
});

test('a file that cannot be opened is an error of who asks for events, not of who opens it', () => {
  using reader = new EventReader(join(folder, 'nowhere'));
  assert.throws(() => ids(reader), /unable to open database file/);
  assert.throws(() => reader.identity, /unable to open database file/);
});

test('a full disk keeps nothing and lets nothing go, and whoever hears events goes on', (t) => {
  const small = join(folder, 'small');
  mkdirSync(small);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=600k', 'none', small]).status !== 0)
    return t.skip('mounting a small file system needs root');
  path = join(small, 'events.sqlite');
  try {
    using store = opened();
    const text = 'x'.repeat(1000);
    let time = 0;
    assert.throws(() => {
      for (;;) store.append(TABLE, 'texts', packed([{ time: ++time, occurred: 0n, text }]));
    }, /full/);
    const { rows } = store.counts(TABLE);
    assert.equal(rows, time - 1);
    const gone = [store.expire(TABLE, time, time), store.trim(TABLE, { rows: 1, bytes: 1 }).events];
    assert.deepEqual(gone, [0, 0]);
    assert.equal(store.counts(TABLE).rows, rows);
    spawnSync('mount', ['-o', 'remount,size=4m', small]);
    assert.equal(store.expire(TABLE, time, time), Math.min(rows, 100));
  } finally {
    spawnSync('umount', [small]);
  }
});
