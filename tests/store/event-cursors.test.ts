import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';

const ID = 'one';

test('a cursor belongs to a query, a table and a store of events', () => {
  using store = openMemoryStore();
  const { cursors } = store;
  assert.deepEqual(cursors.of('q', ID), new Map());
  const seen = new Map([
    ['process_events', 7],
    ['socket_events', 3],
  ]);
  cursors.set('q', 'select', ID, seen);
  cursors.set('r', 'other', ID, new Map([['process_events', 5]]));
  assert.deepEqual(cursors.of('q', ID), seen);
  // Ids of another store mean nothing.
  assert.deepEqual(cursors.of('q', 'two'), new Map());
  cursors.set('q', 'select', 'two', new Map([['process_events', 1]]));
  assert.deepEqual(cursors.of('q', ID), new Map([['socket_events', 3]]));
});

test('how far the slowest is, and the fastest', () => {
  using store = openMemoryStore();
  const { cursors } = store;
  cursors.set('q', 's', ID, new Map([['process_events', 7]]));
  cursors.set('r', 's', ID, new Map([['process_events', 5]]));
  assert.equal(cursors.least(['q', 'r'], 'process_events', ID), 5);
  assert.equal(cursors.least(['q'], 'process_events', ID), 7);
  assert.equal(cursors.least(['q', 'never ran'], 'process_events', ID), 0);
  assert.equal(cursors.least([], 'process_events', ID), Number.MAX_SAFE_INTEGER);
  assert.deepEqual(cursors.known(), [[ID, 'process_events', 7]]);
});

test('a query that was renamed goes on where it was, one that is gone is forgotten', () => {
  using store = openMemoryStore();
  const { cursors } = store;
  const at = (eid: number) => new Map([['process_events', eid]]);
  cursors.set('old', 'select a', ID, at(7));
  cursors.set('stays', 'select b', ID, at(8));
  cursors.set('gone', 'select c', ID, at(9));
  cursors.reschedule(
    new Map([
      ['new', 'select a'],
      ['stays', 'select b'],
      ['twin', 'select b'],
      ['fresh', 'select d'],
    ]),
  );
  assert.deepEqual(
    ['old', 'new', 'stays', 'twin', 'gone', 'fresh'].map((name) => cursors.of(name, ID).get('process_events')),
    [undefined, 7, 8, undefined, undefined, undefined],
  );
});

test('what is kept with a transaction goes with it', () => {
  using store = openMemoryStore();
  assert.throws(() =>
    store.transaction(() => {
      store.cursors.set('q', 's', ID, new Map([['process_events', 7]]));
      throw new Error('no');
    }),
  );
  assert.deepEqual(store.cursors.of('q', ID), new Map());
});
