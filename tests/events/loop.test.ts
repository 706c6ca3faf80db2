import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Collector } from '../../src/events/collector.ts';
import { CpuBudget } from '../../src/events/cpu-budget.ts';
import { runLoop } from '../../src/events/loop.ts';
import type { Publisher } from '../../src/events/publisher.ts';
import { Retention } from '../../src/events/retention.ts';
import { integer } from '../../src/schema/columns.ts';
import { eventTable, momentOf, storeColumns } from '../../src/schema/event-table.ts';
import { EventReader, EventStore } from '../../src/store/event-store.ts';

interface Heard {
  readonly n: number;
  readonly occurred: bigint;
}

const table = eventTable({
  name: 'odd_events',
  description: 'Odd numbers.',
  platforms: ['linux'],
  publisher: 'numbers',
  columns: { n: integer('Number'), time: storeColumns.time(), eid: storeColumns.eid() },
  examples: [],
  *rows({ n }: Heard) {
    if (n % 2) yield { n };
  },
});
const moment = momentOf({} as never, 5);

let folder: string;
let store: EventStore;
let reader: EventReader;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-loop-'));
  const path = join(folder, 'events.sqlite');
  store = new EventStore(path);
  store.open(table.name);
  reader = new EventReader(path);
});
afterEach(() => {
  reader[Symbol.dispose]();
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** A publisher that has never heard anything. */
const silent: Publisher = {
  name: 'numbers',
  fds: [7],
  counts: { received: 0, events: 0, dropped: {} },
  stop: () => {},
  tick: () => {},
  read: () => false,
};

const kept = () => [...reader.range(table.name)].map(({ bytes, time }) => `${bytes} ${time}`);

test('what publishers hear is kept before it is waited again; the end loses nothing', () => {
  const collector = new Collector(store, [table], assert.fail);
  let n = 0;
  let now = 0;
  const seen: string[][] = [];
  const houses: number[] = [];
  const publisher: Publisher = {
    ...silent,
    read() {
      n += 1;
      collector.add('numbers', { n, occurred: BigInt(n) } as Heard, 100 + n, moment);
      collector.add('others', { n: 99, occurred: 0n } as Heard, 0, moment);
      // There is more, every second time.
      return n % 2 === 1;
    },
  };
  runLoop({
    publishers: [publisher],
    collector,
    wait: (descriptors, milliseconds) => {
      assert.deepEqual(descriptors, [7]);
      // While there is more it is only looked whether others have something, too.
      if (milliseconds > 0) {
        seen.push(kept());
        now += 1000;
      }
      return new Set(descriptors);
    },
    nap: (milliseconds) => {
      now += milliseconds;
    },
    owed: () => 0,
    stopped: () => n >= 5,
    now: () => now,
    keepHouse: () => houses.push(now),
  });
  assert.deepEqual(seen, [['[1] 101'], ['[1] 101', '[3] 103']]);
  assert.deepEqual(kept(), ['[1] 101', '[3] 103', '[5] 105']);
  assert.deepEqual(houses, [2050]);
  assert.deepEqual(collector.counts.get('odd_events'), { stored: 3, dropped: 0 });
});

test('a loop that has taken more than its share rests, however much there is to read', () => {
  let [n, now, spent] = [0, 0, 0];
  const rests: number[] = [];
  const publisher: Publisher = {
    ...silent,
    read() {
      n += 1;
      spent += 40;
      now += 40;
      return true;
    },
  };
  const budget = new CpuBudget(
    { share: 0.2, burstMs: 100 },
    () => spent,
    () => now,
  );
  runLoop({
    publishers: [publisher],
    collector: new Collector(store, [], assert.fail),
    wait: () => new Set(),
    nap: (milliseconds) => {
      rests.push(milliseconds);
      now += milliseconds;
    },
    owed: () => budget.owed(),
    stopped: () => n >= 6,
    now: () => now,
    keepHouse: () => {},
  });
  // Each turn is 32 beyond its share of 40. The burst pays for three of them but for 4, which is 20 ms of rest.
  assert.deepEqual(
    rests.map((rest) => Math.round(rest)),
    [20, 160, 160, 160],
  );
});

test('a store that takes nothing costs events, which are counted and said once', () => {
  const said: string[] = [];
  const collector = new Collector(store, [table], (message) => said.push(message));
  store[Symbol.dispose]();
  for (const n of [1, 3]) {
    collector.add('numbers', { n, occurred: 0n } as Heard, 1, moment);
    collector.flush();
  }
  assert.deepEqual(collector.counts.get('odd_events'), { stored: 0, dropped: 2 });
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^odd_events: events are lost: /);
});

test('old events go when all have seen them, others only for want of room', () => {
  const collector = new Collector(store, [table], assert.fail);
  for (let n = 1; n < 40; n += 2) collector.add('numbers', { n, occurred: 0n } as Heard, 1000 + n, moment);
  collector.flush();
  const retention = new Retention(store, () => ({ expiry: 100, rows: 15, bytes: 1e6 }));
  const take = (seen: number) => retention.take({ seen: new Map([[table.name, seen]]) });
  take(3);
  retention.sweep(table.name, 1200);
  assert.deepEqual(retention.counts(table.name), { expired: 3, overRows: 2, overBytes: 0, unseen: 2 });
  assert.equal(kept()[0], '[11] 1011');
  take(Number.MAX_SAFE_INTEGER);
  retention.sweep(table.name, 1115);
  assert.deepEqual(retention.counts(table.name), { expired: 5, overRows: 2, overBytes: 0, unseen: 2 });
  // A clock that was put back lets nothing go.
  retention.sweep(table.name, 5);
  assert.equal(kept().length, 13);
});
