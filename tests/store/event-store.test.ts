import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { EventReader, EventStore } from '../../src/store/event-store.ts';

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
  const events = times.map((time) => ({ time, occurred: BigInt(time) * 10n ** 9n, cells: `["at ${time}"]` }));
  store.append(TABLE, ['name'], events);
}

const ids = (reader: EventReader, range = {}) => [...reader.range(TABLE, range)].map(({ eid }) => eid);

test('what is written is read, by ids and by times', () => {
  using store = opened();
  using reader = new EventReader(path);
  assert.deepEqual([reader.last(TABLE), ids(reader)], [0, []]);
  append(store, 100, 101, 102, 102);
  assert.deepEqual(
    [...reader.range(TABLE, { upTo: 1 })].map(({ eid, time, occurred, layout, cells }) => [
      ...[eid, time, occurred, layout, cells],
    ]),
    [[1, 100, 100_000_000_000n, ['name'], '["at 100"]']],
  );
  assert.deepEqual(ids(reader, { after: 1, upTo: 3 }), [2, 3]);
  assert.deepEqual(ids(reader, { minTime: 101, maxTime: 101 }), [2]);
  assert.deepEqual(ids(reader, { after: 2, minTime: 102 }), [3, 4]);
  assert.deepEqual(ids(reader, { minTime: 103 }), []);
  assert.equal(reader.last(TABLE), 4);
  assert.deepEqual([...reader.range('other_events')], []);
  assert.deepEqual([...reader.range("x'; drop table process_events; --_events")], []);
});

test('when it was, to the nanosecond, of as many as one statement stores and of one more', () => {
  using store = opened();
  using reader = new EventReader(path);
  const times = Array.from({ length: 33 }, (_, i) => 1_795_469_229_940_123_456n + BigInt(i)).with(3, -1_000_000_001n);
  store.append(
    TABLE,
    ['name'],
    times.map((occurred, i) => ({ time: i, occurred, cells: `["${i}"]` })),
  );
  const found = [...reader.range(TABLE)];
  assert.deepEqual(
    found.map(({ occurred }) => occurred),
    times,
  );
  assert.deepEqual(
    found.map(({ eid, time, cells }) => [eid, time, cells]),
    times.map((_, i) => [i + 1, i, `["${i}"]`]),
  );
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
  const outer = reader.range(TABLE);
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
  // Three digits of a time, then four.
  assert.deepEqual(store.counts(TABLE), { rows: 2490, bytes: 890 * 10 + 1600 * 11 });
  let gone = 0;
  for (let some = -1; some !== 0; gone += some) some = store.trim(TABLE, { rows: 100, bytes: 1e9 }).events;
  assert.deepEqual([gone + 1, ids(reader).length, ids(reader)[0]], [2391, 100, 2401]);
  assert.deepEqual(store.trim(TABLE, { rows: 100, bytes: 55 }, 2403), { cause: 'bytes', events: 95, unseen: 92 });
  assert.deepEqual(store.trim(TABLE, { rows: 100, bytes: 55 }), { cause: undefined, events: 0, unseen: 0 });
  assert.deepEqual(ids(reader), [2496, 2497, 2498, 2499, 2500]);
});

test('bytes are those of UTF-8, also after a restart', () => {
  const cells = '["ü𝄞"]';
  {
    using store = opened();
    store.append(TABLE, ['a'], [{ time: 1, occurred: 1n, cells }]);
    assert.deepEqual(store.counts(TABLE), { rows: 1, bytes: 10 });
  }
  using store = opened();
  assert.deepEqual(store.counts(TABLE), { rows: 1, bytes: 10 });
  store.expire(TABLE, 2, 1);
  assert.deepEqual(store.counts(TABLE), { rows: 0, bytes: 0 });
});

test('an event is kept with the names of its cells: another version of the table reads it', () => {
  using store = opened();
  store.append(TABLE, ['a', 'b'], [{ time: 1, occurred: 1n, cells: '[1,2]' }]);
  store.append(TABLE, ['b', 'c'], [{ time: 2, occurred: 2n, cells: '[3,4]' }]);
  using reader = new EventReader(path);
  assert.deepEqual(
    [...reader.range(TABLE)].map(({ layout, cells }) => [layout, cells]),
    [
      [['a', 'b'], '[1,2]'],
      [['b', 'c'], '[3,4]'],
    ],
  );
});

test('all of a batch or nothing', () => {
  using store = opened();
  const bad = { time: 2, occurred: 2n ** 64n, cells: '[]' };
  assert.throws(() => store.append(TABLE, ['a'], [{ time: 1, occurred: 1n, cells: '[]' }, bad]));
  assert.deepEqual(store.counts(TABLE), { rows: 0, bytes: 0 });
  using reader = new EventReader(path);
  assert.deepEqual(ids(reader), []);
  assert.throws(() => store.append('other_events', ['a'], []), /other_events is not open/);
  assert.throws(() => store.open('users'), /not a name for a table of events/);
});

test('ranges use the index: 20 events of 100,000 cost no more than 20', () => {
  using store = opened();
  append(store, ...Array.from({ length: 100_000 }, (_, i) => i));
  using database = new DatabaseSync(path, { readOnly: true });
  const plan = (sql: string) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail);
  assert.deepEqual(plan(`SELECT * FROM ${TABLE} NOT INDEXED WHERE eid > 5 AND eid <= 9 ORDER BY eid`), [
    `SEARCH ${TABLE} USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)`,
  ]);
  assert.match(
    String(plan(`SELECT * FROM ${TABLE} INDEXED BY ${TABLE}_by_time WHERE time >= 5 AND time <= 9 ORDER BY time, eid`)),
    /^SEARCH process_events USING INDEX process_events_by_time \(time>\? AND time<\?\)$/,
  );
});
