/**
 * Scheduled queries over events, from the schedule through the engine to the log: each sees every event once, whatever else
 * happens. What osquery does instead is in the names of the tests.
 */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { QueryReply, QueryRequest } from '../../src/daemon/query-protocol.ts';
import { QueryThread } from '../../src/daemon/query-thread.ts';
import { Scheduler } from '../../src/daemon/scheduler.ts';
import { serveQueries } from '../../src/daemon/serve-queries.ts';
import { seenByAll } from '../../src/events/readers.ts';
import { Retention } from '../../src/events/retention.ts';
import { integer, text } from '../../src/schema/columns.ts';
import { encodeCells, keptColumns } from '../../src/schema/event-rows.ts';
import { eventTable, storeColumns } from '../../src/schema/event-table.ts';
import { EventReader, EventStore } from '../../src/store/event-store.ts';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { engineWith } from '../engine/support.ts';
import { packed } from '../store/packs.ts';

const START = 1795435140; // a multiple of 60

const columns = { n: integer('Number'), word: text('Word'), time: storeColumns.time(), eid: storeColumns.eid() };
const layout = keptColumns(columns);
const declare = (name: `${string}_events`) =>
  eventTable({
    name,
    description: 'Events of a test.',
    platforms: ['linux'],
    publisher: 'test',
    columns,
    aliases: name === 'beta_events' ? ['beta'] : [],
    examples: [],
    rows: (event: { n: number }) => [{ n: event.n, word: `w${event.n}` }],
  });
const tables = [declare('alpha_events'), declare('beta_events')];

let folder: string;
let store: Store;
let events: EventStore;
let reader: EventReader;
let now: number;
let logged: { name: string; counter: number; columns: Record<string, string> }[];
let failing: boolean;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-once-'));
  store = openMemoryStore();
  openEvents();
  [now, logged, failing, said] = [START, [], false, []];
});
afterEach(() => {
  closeEvents();
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

function openEvents(): void {
  const path = join(folder, 'events.sqlite');
  events = new EventStore(path);
  for (const { name } of tables) {
    const seen = store.cursors.known().filter(([identity, table]) => identity === events.identity && table === name);
    events.open(name, Math.max(0, ...seen.map(([, , eid]) => eid)));
  }
  reader = new EventReader(path);
}

function closeEvents(): void {
  reader[Symbol.dispose]();
  events[Symbol.dispose]();
}

/** Events that come now. */
function come(table: string, ...numbers: number[]): void {
  const heard = numbers.map((n) => ({
    time: now,
    occurred: BigInt(now) * 10n ** 9n,
    text: encodeCells(layout, { n, word: `w${n}` }),
  }));
  events.append(table, JSON.stringify(layout), packed(heard));
}

/** A thread that is this one: the engine answers as it does in the daemon. */
class Inline extends EventEmitter {
  #listener: (request: QueryRequest) => void = () => {};

  constructor() {
    super();
    const port = {
      on: (_: string, listener: (request: QueryRequest) => void) => {
        this.#listener = listener;
      },
      postMessage: (reply: QueryReply) => void this.emit('message', reply),
    };
    serveQueries(port, () => engineWith(tables).engine, reader);
  }

  postMessage(request: QueryRequest): void {
    this.#listener(request);
  }

  async terminate(): Promise<void> {}

  unref(): void {}
}

let thread: QueryThread;

async function scheduler(queries: Record<string, string>): Promise<Scheduler> {
  thread = new QueryThread(
    () => new Inline(),
    (warning) => said.push(warning),
  );
  const made = new Scheduler(
    {
      store,
      threads: {
        run: (...asked) => thread.run(...asked),
        stop: (_name, reason) => thread.stop(reason),
        putOff: () => assert.fail(),
      },
      now: () => now,
      say: (severity, message) => said.push(`${severity} ${message}`),
      logger: {
        results: (lines) => {
          if (failing) throw new Error('the disk is gone');
          for (const line of lines) logged.push(JSON.parse(line));
          return true;
        },
        snapshots: (lines) => {
          for (const line of lines) logged.push(JSON.parse(line));
          return true;
        },
        status: () => {},
        close: async () => {},
      },
      events: { identity: events.identity, reads: () => undefined },
    },
    () => ({
      results: { eventType: true, snapshotEventType: false, numerics: false, decorationsTopLevel: false },
      splayPercent: 0,
      packDelimiter: '_',
      packRefresh: 3600,
      maxDrift: 60,
      epoch: 0n,
      hostIdentifier: () => 'host-1',
      optimizeEvents: true,
      denyEvents: false,
      decorators: true,
      announce: 'nothing',
      limits: { querySeconds: 0, scheduleSeconds: 0 },
    }),
  );
  await reschedule(made, queries);
  return made;
}

function reschedule(made: Scheduler, queries: Record<string, string>): Promise<void> {
  const all = Object.entries(queries).map(([name, query]) => ({
    name,
    query,
    interval: 10,
    snapshot: false,
    removed: true,
    denylist: true,
    runAtStart: false,
    startupPriority: Number.POSITIVE_INFINITY,
  }));
  const pack = { name: 'main', source: 'x', platform: '', version: '', shard: 0, discovery: [], queries: all };
  return made.load({ packs: [pack], decorators: [] });
}

/** The next ten seconds: all queries run. What they logged since. */
async function run(schedule: Scheduler): Promise<string[]> {
  const before = logged.length;
  now += 10;
  await schedule.tick();
  assert.deepEqual(
    said.filter((line) => line.startsWith('ERROR')),
    [],
  );
  return logged
    .slice(before)
    .map(({ name, columns: cells }) => `${name} ${Object.values(cells).join(' ')}`)
    .sort();
}

const ALPHA = 'select n from alpha_events';

test('each event once, run after run, also with an hour of nothing in between', async () => {
  const schedule = await scheduler({ q: ALPHA });
  come('alpha_events', 1, 2);
  assert.deepEqual(await run(schedule), ['q 1', 'q 2']);
  assert.deepEqual(await run(schedule), []);
  come('alpha_events', 3);
  assert.deepEqual(await run(schedule), ['q 3']);
  now += 3600;
  assert.deepEqual(await run(schedule), []);
  come('alpha_events', 4);
  assert.deepEqual(await run(schedule), ['q 4']);
  assert.deepEqual(
    logged.map(({ counter }) => counter),
    [1, 1, 2, 3],
  );
});

test('a first run without events begins with 1, too (0 there)', async () => {
  const schedule = await scheduler({ q: ALPHA });
  assert.deepEqual(await run(schedule), []);
  come('alpha_events', 1);
  await run(schedule);
  assert.equal(logged[0]!.counter, 1);
});

test('two tables of events in one query, UNION and JOIN (rows are lost there)', async () => {
  const schedule = await scheduler({
    union: 'select n from alpha_events union all select n from beta_events',
    join: 'select a.n, b.n as m from alpha_events a join beta_events b using (word)',
  });
  come('alpha_events', 1, 2);
  come('beta_events', 2, 3);
  assert.deepEqual(await run(schedule), ['join 2 2', 'union 1', 'union 2', 'union 2', 'union 3']);
  come('beta_events', 4);
  assert.deepEqual(await run(schedule), ['union 4']);
  come('alpha_events', 5);
  come('beta_events', 5);
  assert.deepEqual(await run(schedule), ['join 5 5', 'union 5', 'union 5']);
});

test('a table joined with itself, and in a CTE (1 row of 9 there)', async () => {
  const schedule = await scheduler({
    self: 'select a.n, b.n as m from alpha_events a, alpha_events b',
    cte: 'with e as (select n from alpha_events) select (select count(*) from e) as n, max(n) as m from e',
  });
  come('alpha_events', 1, 2, 3);
  const rows = await run(schedule);
  assert.equal(rows.filter((row) => row.startsWith('self')).length, 9);
  assert.deepEqual(
    rows.filter((row) => row.startsWith('cte')),
    ['cte 3 3'],
  );
  come('alpha_events', 4);
  assert.deepEqual(
    await run(schedule),
    ['cte 4 1', 'self 4 4'].map((row) => (row === 'cte 4 1' ? 'cte 4 1' : row)),
  );
});

test('LIMIT goes on where it stopped (the same rows for ever there)', async () => {
  const schedule = await scheduler({
    some: `${ALPHA} limit 2`,
    odd: `${ALPHA} where n % 2 limit 1`,
    newest: `${ALPHA} order by n desc limit 1`,
  });
  come('alpha_events', 1, 2, 3, 4, 5);
  assert.deepEqual(await run(schedule), ['newest 5', 'odd 1', 'some 1', 'some 2']);
  assert.deepEqual(await run(schedule), ['odd 3', 'some 3', 'some 4']);
  come('alpha_events', 6);
  assert.deepEqual(await run(schedule), ['newest 6', 'odd 5', 'some 5', 'some 6']);
  assert.deepEqual(await run(schedule), []);
});

test('a constraint on time narrows, and repeats nothing (logged again and again there)', async () => {
  const schedule = await scheduler({ late: `${ALPHA} where time > ${START + 5}`, all: ALPHA });
  come('alpha_events', 1);
  now += 6;
  come('alpha_events', 2);
  now += 4;
  await schedule.tick();
  assert.deepEqual(logged.map(({ name, columns: { n } }) => `${name} ${n}`).sort(), ['all 1', 'all 2', 'late 2']);
  assert.deepEqual(await run(schedule), []);
});

test('several queries on one table do not take events from each other', async () => {
  const schedule = await scheduler({ a: ALPHA, b: ALPHA, c: 'select word from alpha_events where n > 1' });
  come('alpha_events', 1, 2);
  assert.deepEqual(await run(schedule), ['a 1', 'a 2', 'b 1', 'b 2', 'c w2']);
  assert.deepEqual(await run(schedule), []);
});

test('a query asked by hand sees all, and disturbs nobody (takes the cursor of whoever runs there)', async () => {
  const schedule = await scheduler({ q: ALPHA });
  come('alpha_events', 1, 2);
  const ask = async (sql: string) => (await thread.run(sql)).rows;
  assert.deepEqual(await ask(ALPHA), ['{"n":1}', '{"n":2}']);
  assert.deepEqual(await run(schedule), ['q 1', 'q 2']);
  come('alpha_events', 3);
  assert.deepEqual(await ask(`${ALPHA} where time <= ${START}`), ['{"n":1}', '{"n":2}']);
  assert.deepEqual(await ask('select eid, time from alpha_events where n = 3'), [`{"eid":"0000000003","time":${now}}`]);
  assert.deepEqual(await run(schedule), ['q 3']);
});

test('ids bound a query, too, on both sides', async () => {
  const schedule = await scheduler({
    some: `${ALPHA} where eid >= '0000000002' and eid < '0000000004'`,
    one: `select n, occurred from alpha_events where eid = '0000000003'`,
  });
  come('alpha_events', 1, 2, 3, 4);
  assert.deepEqual(await run(schedule), [`one 3 ${START}000000000`, 'some 2', 'some 3']);
  assert.deepEqual(await run(schedule), []);
  const ask = async (where: string) =>
    (await thread.run(`${ALPHA} where ${where}`)).rows.map((row) => JSON.parse(row).n);
  assert.deepEqual(await ask("eid > '0000000002'"), [3, 4]);
  assert.deepEqual(await ask("eid in ('0000000001', '0000000004', 'x')"), [1, 4]);
  // As SQLite compares texts.
  assert.deepEqual(await ask("eid > 'x'"), []);
  assert.deepEqual(await ask("eid < '1'"), [1, 2, 3, 4]);
  assert.deepEqual(await ask("eid > '00000000015'"), [2, 3, 4]);
  assert.deepEqual(await ask(`time = ${now - 20} and eid > '0000000003'`), [4]);
});

test('old events go on their own clock: not when somebody reads, nor only then', async () => {
  const retention = new Retention(events, () => ({ expiry: 60, rows: 1e6, bytes: 1e9 }));
  const aliased = tables.map(({ name }) => ({ name, aliases: name === 'beta_events' ? ['beta'] : [] }));
  const left = (queries: Record<string, string>) => {
    const seen = seenByAll(aliased, new Map(Object.entries(queries)), store.cursors, events.identity);
    retention.take({ seen });
    for (const { name } of tables) retention.sweep(name, now);
    return tables.map(({ name }) => [...reader.range(name)].length);
  };
  // Nobody asks, ever: they go all the same (none goes there), also those of a table that is idle.
  come('alpha_events', 1, 2);
  come('beta_events', 1);
  assert.deepEqual(left({}), [2, 1]);
  now += 61;
  assert.deepEqual(left({ other: 'select * from gamma_alpha_events, osquery_events' }), [0, 0]);
  // A query with a time, one that is asked by hand, with and without a time, hold nothing back (all of these do there).
  const queries = { late: `select n from beta where time > ${START + 1000}`, all: ALPHA };
  const schedule = await scheduler(queries);
  come('alpha_events', 3);
  come('beta_events', 3);
  now += 61;
  assert.deepEqual(left(queries), [1, 1], 'a query was yet to see them');
  await thread.run(ALPHA);
  await thread.run(`${ALPHA} where time > 5`);
  assert.deepEqual(left(queries), [1, 1]);
  assert.deepEqual(await run(schedule), ['all 3']);
  assert.deepEqual(left(queries), [0, 0]);
});

test('a query under another name goes on (the whole buffer again there); a new one sees all', async () => {
  const schedule = await scheduler({ old: ALPHA });
  come('alpha_events', 1);
  assert.deepEqual(await run(schedule), ['old 1']);
  await reschedule(schedule, { renamed: ALPHA, another: 'select n, word from alpha_events' });
  come('alpha_events', 2);
  assert.deepEqual(await run(schedule), ['another 1 w1', 'another 2 w2', 'renamed 2']);
});

test('a restart, also after all events went (ids begin anew there, and logging stops)', async () => {
  let schedule = await scheduler({ q: ALPHA });
  come('alpha_events', 1, 2);
  assert.deepEqual(await run(schedule), ['q 1', 'q 2']);
  while (events.expire('alpha_events', now + 1, 100) > 0);
  closeEvents();
  openEvents();
  come('alpha_events', 3);
  schedule = await scheduler({ q: ALPHA });
  assert.deepEqual(await run(schedule), ['q 3']);
});

test('events that were lost with the power do not take the ids of those that were seen', async () => {
  let schedule = await scheduler({ q: ALPHA });
  come('alpha_events', 1, 2);
  await run(schedule);
  // The store of events is as it was before them; another one would have another identity.
  const { identity } = events;
  closeEvents();
  rmSync(join(folder, 'events.sqlite'));
  openEvents();
  store.cursors.set('q', ALPHA, events.identity, store.cursors.of('q', identity));
  closeEvents();
  openEvents();
  come('alpha_events', 3);
  schedule = await scheduler({ q: ALPHA });
  assert.deepEqual(await run(schedule), ['q 3']);
});

test('a new store of events is read from its beginning', async () => {
  const schedule = await scheduler({ q: ALPHA });
  come('alpha_events', 1, 2, 3);
  await run(schedule);
  closeEvents();
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `events.sqlite${suffix}`), { force: true });
  openEvents();
  come('alpha_events', 4);
  assert.deepEqual(await run(await scheduler({ q: ALPHA })), ['q 4']);
});

test('results that could not be logged come again (lost there: the cursor was kept before)', async () => {
  const schedule = await scheduler({ q: ALPHA });
  come('alpha_events', 1);
  failing = true;
  now += 10;
  await schedule.tick();
  assert.match(said.at(-1)!, /Results of scheduled query q cannot be kept: the disk is gone/);
  [failing, said] = [false, []];
  assert.deepEqual(await run(schedule), ['q 1']);
});

test('a query that fails has seen nothing', async () => {
  const schedule = await scheduler({ q: 'select n, json(word) as j from alpha_events where n > 0' });
  come('alpha_events', 1);
  now += 10;
  await schedule.tick();
  assert.match(said.at(-1)!, /Error executing scheduled query q: malformed JSON/);
  await reschedule(schedule, { q: ALPHA });
  said = [];
  assert.deepEqual(await run(schedule), ['q 1']);
});

test('a clock that goes back', async () => {
  const schedule = await scheduler({ q: ALPHA });
  come('alpha_events', 1);
  assert.deepEqual(await run(schedule), ['q 1']);
  now -= 1000;
  come('alpha_events', 2);
  await schedule.tick();
  assert.deepEqual(await run(schedule), ['q 2']);
});
