import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Configuration } from '../../src/config/configuration.ts';
import type { Decorators } from '../../src/config/decorators.ts';
import type { Pack } from '../../src/config/packs.ts';
import type { ScheduledQuery } from '../../src/config/schedule.ts';
import { Decorations } from '../../src/daemon/decorations.ts';
import { QueryForgiven, QueryHung, QueryPutOff, QueryStopped } from '../../src/daemon/query-outcome.ts';
import { queryLimits } from '../../src/daemon/schedule-limits.ts';
import { Scheduler, type SchedulerOptions } from '../../src/daemon/scheduler.ts';
import type { RowText } from '../../src/results/row.ts';
import { openMemoryStore } from '../../src/store/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';

const START = 1795435140; // a multiple of 60
const OPTIONS: SchedulerOptions = {
  results: { eventType: true, snapshotEventType: false, numerics: false, decorationsTopLevel: false },
  splayPercent: 0,
  packDelimiter: '_',
  packRefresh: 3600,
  maxDrift: 60,
  optimizeEvents: true,
  denyEvents: false,
  decorators: true,
  announce: 'nothing',
  limits: { querySeconds: 0, scheduleSeconds: 0 },
  epoch: 0n,
  hostIdentifier: () => 'host-1',
};

let store: Store;
let now: number;
let asked: string[];
let said: string[];
let stopped: string[];
let watched: string[];
let logged: Record<string, unknown>[];
/** What `select slow` waits for. */
let slow: Promise<void>;
/** What queries answer; an error is thrown. */
let answers: Record<string, string[] | Error>;
beforeEach(() => {
  store = openMemoryStore();
  now = START;
  [asked, said, stopped, watched, logged, answers] = [[], [], [], [], [], {}];
});
afterEach(() => store[Symbol.dispose]());

const query = (name: string, interval: number, more: Partial<ScheduledQuery> = {}): ScheduledQuery => ({
  name,
  query: `select ${name}`,
  interval,
  snapshot: false,
  removed: true,
  denylist: true,
  runAtStart: false,
  startupPriority: Number.POSITIVE_INFINITY,
  ...more,
});
const pack = (name: string, queries: ScheduledQuery[], discovery: string[] = []): Pack => ({
  name,
  source: 'x',
  platform: '',
  version: '',
  shard: 0,
  discovery,
  queries,
});

const configuration = (packs: Pack[], decorators: Decorators[] = []): Pick<Configuration, 'packs' | 'decorators'> => ({
  packs,
  decorators: decorators.map((value) => ({ source: 'x', value })),
});

async function scheduler(
  packs: Pack[],
  decorators: Decorators[] = [],
  options: Partial<SchedulerOptions> = {},
): Promise<Scheduler> {
  const log = (lines: Iterable<string>) => {
    for (const line of lines) logged.push(JSON.parse(line));
    return true;
  };
  const made = new Scheduler(
    {
      store,
      now: () => now,
      say: (severity, message) => said.push(`${severity} ${message}`),
      logger: { results: log, snapshots: log, status: () => assert.fail(), close: async () => {} },
      threads: {
        run: async (sql) => {
          asked.push(sql);
          if (sql === 'select slow') await slow;
          const answer = answers[sql] ?? ['{"a":1}'];
          if (answer instanceof QueryPutOff) delete answers[sql];
          if (answer instanceof Error) throw answer;
          return {
            rows: answer as RowText[],
            characters: 7,
            took: 0,
            userMs: 3,
            systemMs: 2,
            wallMs: 10,
            memory: 4096,
          };
        },
        stop: (_name, reason) => stopped.push(reason),
        putOff: () => assert.fail(),
      },
      watchdog: {
        begins: (name) => void watched.push(`begins ${name}`),
        ends: (name) => void watched.push(`ends ${name}`),
      },
    },
    () => ({ ...OPTIONS, ...options }),
  );
  await made.load(configuration(packs, decorators));
  return made;
}

test('runs what is due, when it is due', async () => {
  const schedule = await scheduler([pack('main', [query('two', 2), query('three', 3)]), pack('p', [query('five', 5)])]);
  assert.equal(schedule.nextMs, 2000);
  for (now = START + 1; now <= START + 6; now++) await schedule.tick();
  assert.deepEqual(asked, ['select two', 'select three', 'select two', 'select five', 'select two', 'select three']);
  assert.deepEqual(
    logged.map(({ name, unixTime }) => `${name} ${Number(unixTime) - START}`),
    ['two 2', 'three 3', 'pack_p_five 5'],
  );
  assert.deepEqual(
    said.filter((text) => text.includes('five')),
    ['INFO Storing initial results for new scheduled query: pack_p_five'],
  );
});

test('a query that fails is said and does not stop the next', async () => {
  answers['select bad'] = new Error('no such column: nope');
  const schedule = await scheduler([pack('main', [query('bad', 2), query('good', 2)])]);
  now = START + 2;
  await schedule.tick();
  assert.ok(said.includes('ERROR Error executing scheduled query bad: no such column: nope'));
  assert.deepEqual(
    logged.map(({ name }) => name),
    ['good'],
  );
});

test('what could not run in time is run once and said', async () => {
  const schedule = await scheduler([pack('main', [query('q', 10)])]);
  now = START + 35;
  await schedule.tick();
  assert.deepEqual(asked, ['select q']);
  assert.ok(said.includes('INFO Scheduled query q was due 2 times more and could not run'));
});

test('a pack runs while all its discovery queries return rows; the answer holds for a while', async () => {
  answers['discover none'] = [];
  answers['discover broken'] = new Error('no such table: x');
  const schedule = await scheduler(
    [
      pack('yes', [query('a', 2)], ['discover one', 'discover two']),
      pack('no', [query('b', 2)], ['discover one', 'discover none', 'discover never asked']),
      pack('broken', [query('c', 2)], ['discover broken']),
    ],
    [],
    { packRefresh: 4 },
  );
  now = START + 2;
  await schedule.tick();
  assert.deepEqual(asked.splice(0), [
    'discover one',
    'discover two',
    'select a',
    'discover one',
    'discover none',
    'discover broken',
  ]);
  assert.ok(said.includes('WARNING Discovery query failed (discover broken): no such table: x'));
  now = START + 4;
  await schedule.tick();
  assert.deepEqual(asked.splice(0), ['select a']);
  answers['discover none'] = ['{}'];
  now = START + 6;
  await schedule.tick();
  assert.ok(asked.includes('select b'));
});

test('decorators: on load, always, at intervals; a later one wins; a failing one is said', async () => {
  answers['load'] = ['{"site":"b","n":1}', '{"site":"not this row"}'];
  answers['always'] = ['{"user":"ada"}'];
  answers['hourly'] = ['{"n":2}'];
  answers['broken'] = new Error('no such table: x');
  const decorators: Decorators = {
    load: ['load', 'broken'],
    always: ['always'],
    intervals: [{ every: 60, queries: ['hourly'] }],
  };
  const schedule = await scheduler([pack('main', [query('q', 30)])], [decorators]);
  assert.deepEqual(asked.splice(0), ['load', 'broken', 'hourly']);
  now = START + 30;
  await schedule.tick();
  assert.deepEqual(asked.splice(0), ['always', 'select q']);
  assert.deepEqual(logged[0]!['decorations'], { n: '2', site: 'b', user: 'ada' });
  now = START + 60;
  await schedule.tick();
  assert.deepEqual(asked.splice(0), ['always', 'hourly', 'select q']);
  assert.ok(said.includes('WARNING Decorator query failed (broken): no such table: x'));
});

test('decorations stay where a query fails, and go with the row', async () => {
  let row: Record<string, string> | undefined = { a: '1' };
  const decorations = new Decorations(async () => row);
  await decorations.load([{ source: 'x', value: { load: [], always: ['q'], intervals: [] } }], 0);
  await decorations.beforeQuery(0);
  row = undefined;
  await decorations.beforeQuery(1);
  assert.deepEqual(decorations.pairs, [['a', '1']]);
  row = {};
  await decorations.beforeQuery(2);
  assert.deepEqual(decorations.pairs, []);
});

test('a new configuration keeps decorations, intervals and what was due', async () => {
  const hourly = { load: [], always: [], intervals: [{ every: 3600, queries: ['hourly'] }] };
  answers['hourly'] = ['{"site":"b"}'];
  const schedule = await scheduler([pack('main', [query('q', 30)])], [hourly]);
  now = START + 20;
  await schedule.load(configuration([pack('main', [query('q', 30), query('other', 15)])], [hourly]));
  now = START + 31;
  await schedule.tick();
  assert.deepEqual(asked, ['hourly', 'select q', 'select other']);
  assert.deepEqual(
    logged.map(({ decorations }) => decorations),
    [{ site: 'b' }, { site: 'b' }],
  );
});

test('without a configuration nothing is forgotten of the last one', async () => {
  const schedule = await scheduler([pack('main', [query('q', 2)])]);
  store.cursors.set('q', 'select q', 'events', new Map([['process_events', 7]]));
  await schedule.load(configuration([]));
  assert.equal(store.cursors.of('q', 'events').get('process_events'), 7);
  await schedule.load(configuration([pack('main', [query('other', 2)])]));
  assert.equal(store.cursors.of('q', 'events').size, 0);
});

test('what is to run at the start runs at once, the least priority first, and once', async () => {
  const first = (name: string, startupPriority: number) => query(name, 600, { runAtStart: true, startupPriority });
  const packs = [pack('main', [query('later', 600), first('b', Number.POSITIVE_INFINITY), first('a', 1)])];
  const schedule = await scheduler(packs);
  assert.equal(schedule.nextMs, 0);
  await schedule.tick();
  assert.deepEqual(asked.splice(0), ['select a', 'select b']);
  await schedule.load(configuration(packs));
  await schedule.tick();
  assert.deepEqual(asked, []);
});

test('a query beyond its bounds is put aside for a day, unless it must not be', async () => {
  answers['select big'] = new QueryStopped('needs too much memory');
  answers['select kept'] = new QueryStopped('needs too much memory');
  const packs = [pack('main', [query('big', 2), query('kept', 2, { denylist: false })])];
  const schedule = await scheduler(packs);
  now = START + 2;
  await schedule.tick();
  assert.ok(said.includes('WARNING Scheduled query big is denylisted for a day: needs too much memory'));
  assert.deepEqual(
    schedule
      .schedule()
      .map(({ name, denylisted, lastExecuted, executions }) => [name, denylisted, lastExecuted, executions]),
    [
      ['big', true, START + 2, 0],
      ['kept', false, START + 2, 0],
    ],
  );
  asked = [];
  now = START + 86_400;
  await schedule.tick();
  assert.deepEqual(asked.splice(0), ['select kept']);
  // Also for an agent that was started anew.
  const next = await scheduler(packs);
  now = START + 86_402;
  await next.tick();
  assert.deepEqual(asked, ['select big', 'select kept']);
});

test('a query that has run before is put aside for minutes: what a user made large switches nothing off', async () => {
  const schedule = await scheduler([pack('main', [query('q', 2)])]);
  for (let run = 1; run <= 3; run++) {
    now = START + 2 * run;
    await schedule.tick();
  }
  answers['select q'] = new QueryStopped('needs more than 80 MB');
  now = START + 8;
  await schedule.tick();
  assert.equal(
    said.at(-1),
    'WARNING Scheduled query q is denylisted for 15 minutes, as it has run before: needs more than 80 MB',
  );
  delete answers['select q'];
  asked = [];
  now = START + 8 + 898;
  await schedule.tick();
  assert.deepEqual(asked, []);
  now = START + 8 + 902;
  await schedule.tick();
  assert.deepEqual(asked, ['select q']);
});

test('a query on events is put aside only where that is wanted', async () => {
  const onEvents = { ...query('e', 2), query: 'select * from process_events' };
  const packs = [pack('main', [onEvents, { ...query('o', 2), query: 'select * from osquery_events' }])];
  const options = { denyEvents: false };
  const schedule = await scheduler(packs, [], options);
  for (const name of ['e', 'o']) schedule.punish(name, 'CPU');
  assert.deepEqual(said.slice(-2), [
    'WARNING Scheduled query e (it is on events, it runs on): CPU',
    'WARNING Scheduled query o is denylisted for a day: CPU',
  ]);
  options.denyEvents = true;
  schedule.punish('e', 'CPU');
  assert.equal(said.at(-1), 'WARNING Scheduled query e is denylisted for a day: CPU');
});

test('says to the watchdog what runs, and stops what it is told to stop', async () => {
  const schedule = await scheduler([pack('main', [query('q', 2)])]);
  assert.deepEqual(watched.splice(0), ['begins decorators', 'ends decorators']);
  schedule.stop('q', 'too early');
  now = START + 2;
  const ticking = schedule.tick();
  await Promise.resolve();
  schedule.stop('other', 'not this one');
  schedule.stop('q', 'Memory limits exceeded');
  await ticking;
  assert.deepEqual(stopped, ['Memory limits exceeded']);
  assert.deepEqual(watched, ['begins q', 'ends q']);
  schedule.punish('q', 'it ran when the worker went too far');
  assert.equal(schedule.schedule()[0]!.denylisted, true);
});

test('what costs too much before a query runs can be stopped, too: its discovery, decorators', async () => {
  const decorator = { load: ['select deco'], always: [], intervals: [] };
  const schedule = await scheduler([pack('web', [query('q', 2)], ['select 1'])], [decorator]);
  now = START + 2;
  const ticking = schedule.tick();
  await Promise.resolve();
  assert.deepEqual([asked.at(-1), watched.at(-1)], ['select 1', 'begins pack_web_q']);
  schedule.stop('pack_web_q', 'CPU');
  await ticking;
  const loading = schedule.load(configuration([], [decorator]));
  schedule.stop('decorators', 'memory');
  await loading;
  assert.deepEqual(stopped, ['CPU', 'memory']);

  // A worker had to end for them.
  schedule.punish('decorators', 'memory');
  asked = [];
  await schedule.load(configuration([], [decorator]));
  assert.deepEqual(asked, []);
});

test('the costs of a query and the state of its pack', async () => {
  answers['discover none'] = [];
  const packs = [pack('main', [query('q', 2)]), pack('off', [query('x', 2)], ['discover none'])];
  const schedule = await scheduler(packs);
  assert.equal(schedule.schedule()[0]!.lastExecuted, 0);
  for (now = START + 2; now <= START + 4; now += 2) await schedule.tick();
  assert.deepEqual(schedule.schedule()[0], {
    name: 'q',
    query: 'select q',
    interval: 2,
    denylisted: false,
    executions: 2,
    lastExecuted: START + 4,
    outputSize: 14,
    wallTimeMs: 20,
    lastWallTimeMs: 10,
    userTimeMs: 6,
    lastUserTimeMs: 3,
    systemTimeMs: 4,
    lastSystemTimeMs: 2,
    averageMemory: 4096,
    lastMemory: 4096,
  });
  assert.deepEqual(
    schedule
      .packs()
      .map(({ name, active, discoveryCacheHits, discoveryExecutions }) => [
        name,
        active,
        discoveryCacheHits,
        discoveryExecutions,
      ]),
    [
      ['main', true, 0, 0],
      ['off', false, 1, 1],
    ],
  );
});

test('results that cannot be kept are said, and found again by the next run', async () => {
  const schedule = await scheduler([pack('main', [query('q', 2)])]);
  const { transaction } = store;
  store.transaction = () => {
    throw new Error('database or disk is full');
  };
  now = START + 2;
  await schedule.tick();
  assert.ok(said.includes('ERROR Results of scheduled query q cannot be kept: database or disk is full'));
  store.transaction = transaction;
  now = START + 4;
  await schedule.tick();
  assert.deepEqual(
    logged.map(({ counter }) => counter),
    [0],
  );
});

test('a query that hangs or is late by a rule for all is said and not put aside; one that made room runs again', async () => {
  answers['select hung'] = new QueryHung('its thread hangs in stat of /dead for 8 s');
  answers['select late'] = new QueryForgiven('took longer than 600000 ms');
  answers['select off'] = new QueryPutOff('makes room for others');
  const schedule = await scheduler([
    pack(
      'main',
      ['hung', 'late', 'off'].map((name) => query(name, 2)),
    ),
  ]);
  now = START + 2;
  await schedule.tick();
  assert.deepEqual(
    said.filter((text) => text.startsWith('ERROR')),
    [
      'ERROR Error executing scheduled query hung: its thread hangs in stat of /dead for 8 s',
      'ERROR Error executing scheduled query late: took longer than 600000 ms',
    ],
  );
  assert.deepEqual(
    schedule.schedule().map(({ name, denylisted, executions }) => [name, denylisted, executions]),
    [
      ['hung', false, 0],
      ['late', false, 0],
      ['off', false, 1],
    ],
  );
});

test('beside a late query the others run; what it had to say is not logged where its configuration is gone', async () => {
  const end = Promise.withResolvers<void>();
  slow = end.promise;
  const packs = [pack('main', [query('slow', 2), query('quick', 2)])];
  const schedule = await scheduler(packs);
  now = START + 2;
  await schedule.tick();
  assert.deepEqual(asked, ['select slow', 'select quick']);
  now = START + 4;
  await schedule.tick();
  assert.deepEqual(asked.slice(2), ['select quick']);
  await schedule.load(configuration([pack('main', [query('quick', 2)])]));
  end.resolve();
  await setImmediate();
  assert.deepEqual([...new Set(logged.map(({ name }) => name))], ['quick']);
});

test('which time a query may take: its own, that of all, and --query_timeout where that is less', () => {
  const deadline = (querySeconds: number, scheduleSeconds: number, timeout?: number) => {
    const { deadlineMs, forgiving } = queryLimits({ querySeconds, scheduleSeconds }, timeout);
    return [deadlineMs, forgiving];
  };
  assert.deepEqual(deadline(0, 0), [undefined, undefined]);
  assert.deepEqual(deadline(0, 600), [600_000, true]);
  assert.deepEqual(deadline(0, 600, 0), [undefined, undefined]);
  assert.deepEqual(deadline(0, 600, 900), [900_000, true]);
  assert.deepEqual(deadline(60, 600), [60_000, false]);
  assert.deepEqual(deadline(60, 600, 5), [5000, true]);
  assert.deepEqual(deadline(60, 600, 0), [60_000, false]);
});

test('a second that begins right after a look is not skipped', async () => {
  const schedule = await scheduler([pack('main', [query('q', 1)])]);
  now = START + 0.9995;
  await schedule.tick();
  now = START + 1.0001;
  assert.equal(schedule.nextMs, 0);
  await schedule.tick();
  assert.deepEqual(asked, ['select q']);
  now = START + 1.25;
  assert.equal(schedule.nextMs, 750);
});
