import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splayedInterval } from '../../src/daemon/splay.ts';
import { Timetable } from '../../src/daemon/timetable.ts';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';
import { random } from '../engine/support.ts';

const START = 1795435140; // a multiple of 60

test('due at multiples of the interval, in the order given', () => {
  const table = new Timetable(
    [
      { what: 'ten', every: 10 },
      { what: 'minute', every: 60 },
      { what: 'seven', every: 7 },
    ],
    START,
  );
  const seen: string[] = [];
  for (let now = START + 1; now <= START + 60; now++) {
    for (const { what, at, missed } of table.take(now)) {
      assert.deepEqual([at, missed], [now, 0]);
      seen.push(what);
    }
  }
  assert.equal(seen.filter((what) => what === 'ten').length, 6);
  assert.equal(seen.filter((what) => what === 'minute').length, 1);
  assert.ok([8, 9].includes(seen.filter((what) => what === 'seven').length));
  assert.deepEqual(seen.slice(-2), ['ten', 'minute']);
});

test('what was missed is done once, and counted', () => {
  const table = new Timetable(
    [
      { what: 'ten', every: 10 },
      { what: 'hour', every: 3600 },
    ],
    START,
  );
  assert.deepEqual(table.take(START + 35), [{ what: 'ten', at: START + 30, missed: 2 }]);
  assert.deepEqual(table.take(START + 39), []);
  assert.deepEqual(table.take(START + 40), [{ what: 'ten', at: START + 40, missed: 0 }]);
});

test('the same second is not taken twice, also where the clock is put back', () => {
  const table = new Timetable([{ what: 'ten', every: 10 }], START);
  assert.equal(table.take(START + 10).length, 1);
  assert.equal(table.take(START + 10).length, 0);
  assert.equal(table.take(START - 3600).length, 0);
  assert.equal(table.take(START - 3590).length, 1);
});

test('when to look again', () => {
  const table = new Timetable(
    [
      { what: 'a', every: 10 },
      { what: 'b', every: 7 },
    ],
    START,
  );
  for (let now = START; now < START + 100; now++) {
    const next = table.next(now)!;
    assert.ok(next > now && (next % 10 === 0 || next % 7 === 0));
    for (let between = now + 1; between < next; between++) assert.ok(between % 10 !== 0 && between % 7 !== 0);
  }
  assert.equal(new Timetable([], START).next(START), undefined);
  assert.deepEqual(new Timetable([], START).take(START + 1), []);
});

test('who falls behind makes up for what is rare, and gives up what comes again soon', () => {
  const table = new Timetable(
    [100, 1000].map((every) => ({ what: every, every })),
    0,
    60,
  );
  assert.equal(table.asked, 0);
  assert.deepEqual(
    table.take(1070).map(({ what }) => what),
    [1000],
  );
  assert.deepEqual(
    table.take(1160).map(({ what }) => what),
    [100],
  );
});

test('an interval is splayed within its percentage, and stays so', () => {
  using store = openMemoryStore();
  const next = random(1);
  const drawn = new Set<number>();
  for (let i = 0; i < 300; i++) drawn.add(splayedInterval(store, `q${i}`, 100, 10, next));
  assert.deepEqual([Math.min(...drawn), Math.max(...drawn), drawn.size], [90, 110, 21]);
  const first = splayedInterval(store, 'q', 100, 10, next);
  for (let i = 0; i < 20; i++) assert.equal(splayedInterval(store, 'q', 100, 10, next), first);
  assert.equal(store.settings.get('interval.q'), `100:${first}`);
});

test('it is drawn anew where the interval or the percentage no longer fits', () => {
  using store = openMemoryStore();
  const { settings } = store;
  assert.equal(
    splayedInterval(store, 'q', 100, 10, () => 0.999),
    110,
  );
  assert.equal(splayedInterval(store, 'q', 100, 0), 100);
  assert.equal(
    splayedInterval(store, 'q', 200, 10, () => 0),
    180,
  );
  assert.equal(
    splayedInterval(store, 'pack_a_q', 100, 10, () => 0.5),
    100,
  );
  assert.equal(splayedInterval(store, 'one', 1, 50), 1);
  assert.equal(splayedInterval(store, 'odd', 7, 101), 7);
  settings.set('interval.bad', 'x:y:z');
  assert.equal(splayedInterval(store, 'bad', 10, 0), 10);
});
