/** How many events made room before a query had seen them: to the event, whatever runs meanwhile. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { EventScans } from '../../src/events/event-scans.ts';
import { beginReading, inTurn, newTurn, readAgain, readOn, readUpTo } from '../../src/events/reading.ts';
import { Retention } from '../../src/events/retention.ts';
import type { ReadEvent } from '../../src/schema/event-source.ts';
import { EventReader, EventStore } from '../../src/store/event-store.ts';
import { random } from '../engine/support.ts';
import { packed } from '../store/packs.ts';

const TABLE = 'a_events';
/** More than a query reads at once, and fewer than come between two of its runs now and then. */
const ROOM = 500;
const ALL = { time: {}, eid: {} };

let folder: string;
let store: EventStore;
let reader: EventReader;
let retention: Retention;
let made: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-losses-'));
  const path = join(folder, 'events.sqlite');
  store = new EventStore(path);
  store.open(TABLE);
  reader = new EventReader(path);
  retention = new Retention(store, () => ({ expiry: 1e6, rows: ROOM, bytes: 1e9 }));
  made = 0;
});
afterEach(() => {
  reader[Symbol.dispose]();
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const come = (count: number) => {
  store.append(TABLE, 'texts', packed(Array(count).fill({ time: 1, occurred: 0n, text: '' })));
  made += count;
};
const sweep = () => retention.sweep(TABLE, 1);
const unseen = () => retention.counts(TABLE).unseen;

/** A query of the schedule, and what it has seen. */
class Query {
  readonly saw = new Set<number>();
  cursor = 0;
  #scans: EventScans | undefined;
  #events: Generator<ReadEvent> | undefined;
  #pulled: number[] = [];

  begin(others: readonly Query[]): void {
    const reading = beginReading([TABLE], newTurn());
    const least = (queries: readonly Query[]) => new Map([[TABLE, Math.min(...queries.map(({ cursor }) => cursor))]]);
    retention.take({ seen: least([this, ...others]), running: { reading, others: least(others) } });
    this.#scans = new EventScans(reader, new Map([[TABLE, this.cursor]]), reading);
    this.scan();
  }

  /** Reads the table, if it has read it already once more. */
  scan(): void {
    this.#events = this.#scans!.read(TABLE, ALL);
    this.#pulled = [];
  }

  /** Looks at some more events. */
  pull(count: number): void {
    for (let i = 0; i < count; i++) {
      const { value, done } = this.#events!.next();
      if (done) return;
      this.#pulled.push(value.eid);
    }
  }

  /** Stops where it is, as for a LIMIT, and its results are kept, or not. */
  end(kept: boolean, others: readonly Query[]): void {
    this.#events!.return(undefined);
    if (kept) {
      for (const eid of this.#pulled) this.saw.add(eid);
      // One that did not look at any event has not looked at the table.
      this.cursor = this.#scans!.seen.get(TABLE) ?? this.cursor;
    }
    retention.take({ seen: new Map([[TABLE, Math.min(this.cursor, ...others.map(({ cursor }) => cursor))]]) });
  }
}

test('whatever queries read, fail at, or stop at while others make room', () => {
  const number = random(2026);
  const next = (bound: number) => Math.floor(number() * bound);
  for (let round = 0; round < 20; round++) {
    const queries = [new Query(), new Query()];
    const [first, counted] = [made, unseen()];
    for (const query of queries) query.cursor = first;
    for (let run = 0; run < 40; run++) {
      const query = queries[next(2)]!;
      const others = queries.filter((one) => one !== query);
      query.begin(others);
      for (let step = next(8); step > 0; step--) {
        if (next(2) === 0) come(next(80));
        if (next(2) === 0) sweep();
        if (next(3) > 0) query.pull(next(400));
      }
      query.end(next(4) > 0, others);
      if (next(3) === 0) come(next(100));
      if (next(3) === 0) sweep();
    }
    for (const query of queries) {
      const others = queries.filter((one) => one !== query);
      query.begin(others);
      query.pull(made);
      query.end(true, others);
    }
    let lost = 0;
    for (let eid = first + 1; eid <= made; eid++) lost += Number(!queries.every(({ saw }) => saw.has(eid)));
    assert.equal(unseen() - counted, lost, `round ${round}`);
  }
  assert.ok(unseen() > 1000 && unseen() < made / 2, `${unseen()} of ${made}`);
});

test('what goes while a query runs that has read it, and does not come to its end, is lost', () => {
  const [query, other] = [new Query(), new Query()];
  come(ROOM);
  other.cursor = made;
  for (const kept of [false, true]) {
    query.begin([other]);
    query.pull(ROOM);
    come(ROOM);
    other.cursor = made;
    sweep();
    assert.equal(unseen(), kept ? ROOM : 0);
    query.end(kept, [other]);
    assert.equal(unseen(), ROOM);
  }
});

test('what went between two scans of one query counts as lost: the second did not find it', () => {
  const query = new Query();
  come(ROOM);
  const other = new Query();
  other.cursor = Number.MAX_SAFE_INTEGER;
  query.begin([other]);
  query.pull(ROOM);
  come(100);
  sweep();
  query.scan();
  query.pull(ROOM);
  query.end(true, [other]);
  assert.equal(unseen(), 100);
});

test('who reads and who lets go take turns, and nobody waits for ever', async () => {
  const turn = newTurn();
  const reading = beginReading([TABLE], turn);
  const at = () => readUpTo(reading, TABLE);
  assert.equal(at(), 0);
  const url = new URL('../../src/events/reading.ts', import.meta.url).href;
  const code = `const { workerData } = require('node:worker_threads');
    import(${JSON.stringify(url)}).then(({ inTurn, readOn }) => {
      for (let eid = 1; eid <= 3000; eid++) readOn(workerData, ${JSON.stringify(TABLE)}, () => eid);
      inTurn(workerData.turn, () => process.exit());
    });`;
  const ended = once(new Worker(code, { eval: true, workerData: reading }), 'exit');
  while (at() !== 3000) {
    inTurn(turn, () => {
      const before = at();
      for (let i = 0; i < 100; i++) assert.equal(at(), before);
    });
    await nextTurn();
  }
  await ended;
  // It ended in its turn.
  assert.equal(
    inTurn(turn, () => 'mine'),
    'mine',
  );
  assert.equal(Atomics.load(turn, 0), 0);
  readOn(reading, TABLE, () => undefined);
  readOn(reading, 'other_events', () => 7);
  assert.equal(at(), 3000);
  readAgain(reading, 'other_events');
  readAgain(reading, TABLE);
  readOn(reading, TABLE, () => 9);
  assert.equal(at(), undefined);
});
