/** A disk that breaks under the store at any of its statements, or takes nothing from one of them on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigSource, Configuration } from '../../src/config/configuration.ts';
import { OptionValues } from '../../src/config/option-values.ts';
import { Scheduler } from '../../src/daemon/scheduler.ts';
import { ForwardingLogger } from '../../src/loggers/forwarding.ts';
import { identityOf } from '../../src/main/daemon/identifier.ts';
import { LiveConfiguration } from '../../src/main/daemon/live-configuration.ts';
import { everyLogger } from '../../src/main/daemon/loggers.ts';
import type { RowText } from '../../src/results/row.ts';
import { storeOver } from '../../src/store/sqlite-store.ts';
import { type Store, tryToKeep } from '../../src/store/store.ts';
import { FakeTimers } from '../../src/testing/fake-timers.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { breaking, empty } from './breaking.ts';

/** All that a daemon does with its store, from its start to its end; what was logged of each of its two runs. */
async function daemon(store: Store): Promise<{ readonly logged: string[][]; readonly said: string[] }> {
  const said: string[] = [];
  const say = (severity: string, message: string) => void said.push(`${severity} ${message}`);
  const options = new OptionValues();
  options.set(options.declaration('config_enable_backup')!, 'true');
  const text = JSON.stringify({ schedule: { q: { query: 'select a', interval: 1 }, s: { query: 's', interval: 1 } } });
  const source: ConfigSource = { texts: () => [{ source: 'c', text }], pack: assert.fail, packs: () => [] };
  const configuration = new LiveConfiguration(source, options, store, say);
  configuration.load();
  identityOf(options, new MemoryHost(new Map()), store);
  store.cursors.known();
  const timers = new FakeTimers();
  const forwarding = new ForwardingLogger(
    store,
    { name: 'tls', period: 4, backoffMax: 0, maxLine: 1000, bufferedMax: 1, hostIdentifier: () => 'h' },
    async () => undefined,
    (message) => said.push(message),
    timers,
  );
  const logged: string[][] = [];
  const file = {
    results: (lines: Iterable<string>) => logged.at(-1)!.push(...lines) > 0,
    snapshots: () => true,
    status: () => {},
    close: async () => {},
  };
  let now = 1000;
  let rows = ['{"a":1}', '{"a":2}'];
  const scheduler = new Scheduler(
    {
      store,
      logger: everyLogger([file, forwarding]),
      threads: {
        run: async () => ({
          rows: rows as RowText[],
          characters: 1,
          took: 0,
          userMs: 0,
          systemMs: 0,
          wallMs: 0,
          memory: 0,
          seen: { identity: 'e', cursors: new Map([['process_events', now]]) },
        }),
        stop: () => {},
        putOff: () => {},
      },
      now: () => now,
      say,
      events: { identity: 'e', reads: () => undefined },
    },
    () => ({
      results: { eventType: true, snapshotEventType: false, numerics: false, decorationsTopLevel: false },
      splayPercent: 0,
      packDelimiter: '_',
      packRefresh: 1,
      maxDrift: 60,
      epoch: 0n,
      hostIdentifier: () => 'h',
      optimizeEvents: now > 1003,
      denyEvents: false,
      decorators: false,
      announce: 'nothing',
      limits: { querySeconds: 0, scheduleSeconds: 0, characters: 1e9, memory: 1e9 },
    }),
  );
  const load = (packs: Configuration['packs']) => scheduler.load({ packs, decorators: [] });
  const { packs } = configuration.current;
  await load(packs);
  for (; now < 1006; now++) {
    logged.push([]);
    if (now === 1002) rows = ['{"a":2}', '{"a":3}'];
    await scheduler.tick();
    store.cursors.least(['q', 's'], 'process_events', 'e');
  }
  scheduler.punish('q', 'test');
  // Under another name.
  await load(
    packs.map((pack) => ({ ...pack, queries: pack.queries.map((query) => ({ ...query, name: `${query.name}2` })) })),
  );
  await scheduler.tick();
  tryToKeep(store, () => void store.results.forget(now - 10, []));
  timers.ring(4000);
  await forwarding.close();
  return { logged, said };
}

/** How many statements a whole life has. */
async function statements(): Promise<number> {
  const { connection, count } = breaking(empty(), () => undefined);
  using store = storeOver(connection);
  const { said } = await daemon(store);
  assert.deepEqual(
    said.filter((line) => line.includes('cannot be kept')),
    [],
  );
  return count.used;
}

const CORRUPT = 11;
const IOERR_READ = 266;
const IOERR = 10;
const FULL = 13;
const READONLY = 8;
const CANTOPEN = 14;
const IOERR_WRITE = 778;

for (const code of [CORRUPT, IOERR_READ])
  test(`damage (${code}) at any statement: a new store, and the daemon goes on`, async () => {
    const all = await statements();
    assert.ok(all > 100);
    for (let n = 1; n <= all; n++) {
      let renewed = 0;
      const { connection } = breaking(empty(), (statement) => (statement === n ? code : undefined));
      const store = storeOver(connection, () => {
        renewed += 1;
        return empty();
      });
      const { logged } = await daemon(store).catch((cause) => assert.fail(`statement ${n}: ${cause.stack}`));
      store[Symbol.dispose]();
      assert.ok(renewed <= 1, `statement ${n}: ${renewed}`);
      // Nothing is lost: each row comes once at least.
      for (const row of ['{"a":"1"}', '{"a":"2"}', '{"a":"3"}']) {
        assert.ok(
          logged.flat().some((line) => line.includes(`"columns":${row},"action":"added"`)),
          `statement ${n}: ${row}`,
        );
      }
    }
  });

test('a disk that is gone from any statement on: what is in memory goes on', async () => {
  const all = await statements();
  for (let n = 1; n <= all; n++) {
    let renewed = 0;
    const { connection } = breaking(empty(), (statement) => (statement >= n ? IOERR : undefined));
    const store = storeOver(connection, () => {
      renewed += 1;
      return empty();
    });
    const { logged } = await daemon(store).catch((cause) => assert.fail(`statement ${n}: ${cause.stack}`));
    store[Symbol.dispose]();
    assert.ok(renewed <= 1, `statement ${n}: ${renewed}`);
    assert.ok(
      logged.flat().some((line) => line.includes('"columns":{"a":"3"},"action":"added"')),
      `statement ${n}`,
    );
  }
});

for (const code of [FULL, READONLY, IOERR_WRITE, CANTOPEN])
  test(`a disk that takes nothing (${code}) from any statement on: each row is logged once`, async () => {
    const all = await statements();
    for (let n = 1; n <= all; n++) {
      // What only reads goes on.
      const isWrite = (sql: string) => /^(INSERT|UPDATE|DELETE|COMMIT)/.test(sql);
      const fails = (statement: number, sql: string) => (statement >= n && isWrite(sql) ? code : undefined);
      using store = storeOver(breaking(empty(), fails).connection);
      const { logged } = await daemon(store).catch((cause) => assert.fail(`statement ${n}: ${cause.stack}`));
      const lines = logged
        .slice(0, 4)
        .flat()
        .map((line) => JSON.parse(line))
        .filter(({ name }) => name === 'q')
        .map(({ action, columns }) => `${action} ${columns.a}`);
      assert.deepEqual(lines, ['added 1', 'added 2', 'removed 1', 'added 3'], `statement ${n}`);
    }
  });
