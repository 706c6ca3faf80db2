import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { OSQUERY_VERSION } from '../../src/base/version.ts';
import { storeFiles } from '../../src/host/linux/store-files.ts';
import { ForwardingLogger, type ForwardingOptions, type LineKind } from '../../src/loggers/forwarding.ts';
import type { StatusLine } from '../../src/loggers/logger.ts';
import { openMemoryStore, openStore } from '../../src/store/sqlite-store.ts';
import { type Store, StoreDamaged, StoreFull } from '../../src/store/store.ts';
import { FakeTimers, until } from '../../src/testing/fake-timers.ts';

const OPTIONS: ForwardingOptions = {
  name: 'test',
  period: 4,
  backoffMax: 3600,
  maxLine: 100,
  bufferedMax: 0,
  hostIdentifier: () => 'host-1',
};
const PERIOD_MS = 4000;
const SAID: StatusLine = { severity: 'WARNING', time: 1795464222500, file: 'x.ts', line: 7, message: 'm' };

/** A server that takes batches or not, and a clock. */
class Peer {
  readonly timers = new FakeTimers();
  readonly batches: [LineKind, readonly string[]][] = [];
  readonly warnings: string[] = [];
  /** What it takes. */
  answer: (kind: LineKind) => Promise<void> = async () => undefined;
  tries: LineKind[] = [];

  logger(store: Store, options: Partial<ForwardingOptions> = {}): ForwardingLogger {
    return new ForwardingLogger(
      store,
      { ...OPTIONS, ...options },
      async (kind, lines) => {
        this.tries.push(kind);
        await this.answer(kind);
        this.batches.push([kind, lines]);
      },
      (text) => this.warnings.push(text),
      this.timers,
    );
  }

  /** A period, to the end of what it brings. */
  async round(): Promise<void> {
    this.timers.ring(PERIOD_MS);
    await until(() => this.timers.waits.includes(PERIOD_MS));
  }

  get lines(): string[] {
    return this.batches.flatMap(([, lines]) => lines);
  }
}

const refuse = async () => {
  throw new Error('ECONNREFUSED');
};
const take = async () => undefined;

let peer: Peer;
beforeEach(() => {
  peer = new Peer();
});

describe('batches', () => {
  test('have what came, in its order; nothing that arrived is kept', async () => {
    using store = openMemoryStore();
    const logger = peer.logger(store);
    logger.results(['{"a":1}']);
    logger.snapshots(['{"a":2}']);
    await peer.round();
    await peer.round();
    assert.deepEqual(peer.batches, [['result', ['{"a":1}', '{"a":2}']]]);
    assert.equal(store.logs('test.result').length, 0);
  });

  test('a backlog goes batch by batch, results and statuses in turn', async () => {
    using store = openMemoryStore();
    const logger = peer.logger(store, { maxLine: 1000 });
    for (let i = 0; i < 2500; i++) logger.results([`{"i":${i}}`]);
    logger.status([SAID]);
    for (let i = 0; i < 3; i++) await peer.round();
    assert.deepEqual(
      peer.batches.map(([kind, lines]) => [kind, lines.length]),
      [
        ['result', 1024],
        ['status', 1],
        ['result', 1024],
        ['result', 452],
      ],
    );
    assert.deepEqual(
      peer.lines.filter((line) => line.startsWith('{"i"')),
      Array.from({ length: 2500 }, (_, i) => `{"i":${i}}`),
    );
  });

  test('have so many lines and bytes at most, but one line always', async () => {
    using store = openMemoryStore();
    const logger = peer.logger(store, { maxLine: 8_000_000, maxLines: 3 });
    const sizes = [1, 1, 1, 1, 900_000, 1_100_000, 200_000, 2_500_000, 1];
    for (const size of sizes) logger.results(['é'.repeat(size)]);
    while (store.logs('test.result').length > 0) await peer.round();
    assert.deepEqual(
      peer.batches.map(([, lines]) => lines.map((line) => line.length)),
      [[1, 1, 1], [1, 900_000, 1_100_000], [200_000], [2_500_000], [1]],
    );
  });

  test('a line that is too long is dropped alone, and counted', async () => {
    using store = openMemoryStore();
    const logger = peer.logger(store);
    for (const line of ['x'.repeat(101), 'é'.repeat(51), 'x'.repeat(100), 'x'.repeat(102)]) logger.results([line]);
    await peer.round();
    await logger.close();
    assert.deepEqual(peer.lines, ['x'.repeat(100)]);
    const text = 'test: lines of more than 100 bytes, dropped';
    assert.deepEqual(peer.warnings, [`${text}: 1`, `${text}: 2`]);
  });
});

describe('status lines', () => {
  const fields = {
    hostIdentifier: 'host-1',
    calendarTime: 'Mon Nov 23 20:03:42 2026 UTC',
    unixTime: 1795464222,
    severity: 1,
    filename: 'x.ts',
    line: 7,
    message: 'm',
    version: OSQUERY_VERSION,
  };
  const decorations = () => [['user', 'ann'] as const, ['message', 'own'] as const];

  for (const [name, options, expected] of [
    ['have osquery’s fields', {}, fields],
    ['have decorations', { decorations }, { ...fields, decorations: { user: 'ann', message: 'own' } }],
    ['at the top', { decorations, decorationsTopLevel: true }, { ...fields, user: 'ann', message: 'own' }],
  ] as const) {
    test(name, async () => {
      using store = openMemoryStore();
      const logger = peer.logger(store, { maxLine: 1000, ...options });
      logger.status([SAID]);
      await peer.round();
      assert.deepEqual(
        peer.lines.map((line) => JSON.parse(line)),
        [expected],
      );
    });
  }
});

describe('a server that takes nothing', () => {
  /** The periods, counted from 1, in which results were tried. */
  async function triedIn(periods: number): Promise<number[]> {
    const tried: number[] = [];
    for (let i = 1; i <= periods; i++) {
      peer.tries = [];
      await peer.round();
      if (peer.tries.includes('result')) tried.push(i);
    }
    return tried;
  }

  test('is tried after 4, 16, 36 seconds and so on up to a maximum, and gets all afterwards', async () => {
    using store = openMemoryStore();
    const logger = peer.logger(store, { backoffMax: 60 });
    peer.answer = refuse;
    logger.results(['{"a":1}']);
    assert.deepEqual(await triedIn(45), [1, 2, 6, 15, 30, 45]);
    assert.deepEqual(peer.warnings, ['test: result lines wait, tries that failed: 1: ECONNREFUSED']);
    logger.results(['{"a":2}']);
    peer.answer = take;
    assert.deepEqual(await triedIn(15), [15]);
    assert.deepEqual(peer.lines, ['{"a":1}', '{"a":2}']);
    logger.results(['{"a":3}']);
    peer.answer = refuse;
    assert.deepEqual(await triedIn(6), [1, 2, 6]);
  });

  test('is said again after an hour', async () => {
    using store = openMemoryStore();
    peer.answer = refuse;
    peer.logger(store, { backoffMax: 60 }).results(['{"a":1}']);
    await triedIn(915);
    assert.deepEqual(peer.warnings.slice(1), ['test: result lines wait, tries that failed: 63: ECONNREFUSED']);
  });

  test('is tried each period without a back-off', async () => {
    using store = openMemoryStore();
    peer.answer = refuse;
    peer.logger(store, { backoffMax: 0 }).results(['{"a":1}']);
    assert.deepEqual(await triedIn(4), [1, 2, 3, 4]);
  });

  test('takes statuses while it refuses results', async () => {
    using store = openMemoryStore();
    const logger = peer.logger(store, { maxLine: 1000 });
    peer.answer = async (kind) => {
      if (kind === 'result') throw new Error('413');
    };
    logger.results(['{"a":1}']);
    for (let i = 0; i < 4; i++) {
      logger.status([SAID]);
      await peer.round();
    }
    assert.equal(peer.batches.length, 4);
  });

  test('gets the newest lines up to the limit, which holds between tries, too', async () => {
    using store = openMemoryStore();
    const logger = peer.logger(store, { bufferedMax: 1000 });
    const queue = store.logs('test.result');
    const add = (from: number, to: number) => {
      for (let i = from; i < to; i++) logger.results([`{"i":${i}}`]);
    };
    peer.answer = refuse;
    add(0, 3000);
    await peer.round();
    assert.equal(queue.length, 1000);
    await peer.round();
    add(3000, 5000);
    peer.tries = [];
    await peer.round();
    assert.deepEqual([peer.tries, queue.length], [[], 1000]);
    peer.answer = take;
    await logger.close();
    assert.deepEqual([peer.lines[0], peer.lines.length], ['{"i":4000}', 1000]);
    const text = 'test: result lines beyond buffered_log_max (1000), dropped: 2000, the oldest';
    assert.deepEqual(peer.warnings.slice(1), [text, text]);
  });

  test('does not answer: the batch counts as not taken', async () => {
    using store = openMemoryStore();
    peer.answer = () => new Promise(() => undefined);
    peer.logger(store).results(['{"a":1}']);
    peer.timers.ring(PERIOD_MS);
    await until(() => peer.timers.waits.includes(120_000));
    peer.timers.ring(120_000);
    await until(() => peer.timers.waits.includes(PERIOD_MS));
    assert.deepEqual(peer.warnings, ['test: result lines wait, tries that failed: 1: no answer within 120 seconds']);
    peer.answer = take;
    await peer.round();
    assert.deepEqual(peer.lines, ['{"a":1}']);
  });
});

describe('a full disk', () => {
  /** From here on the store has no room, until what is returned is called. */
  function fill(store: Store): () => void {
    const { transaction } = store;
    store.transaction = () => {
      throw new StoreFull('database or disk is full');
    };
    return () => {
      store.transaction = transaction;
    };
  }

  test('loses lines and says how many', () => {
    using store = openMemoryStore();
    const logger = peer.logger(store);
    const free = fill(store);
    logger.results(['{"a":1}']);
    logger.results(['{"a":2}']);
    free();
    logger.results(['{"a":3}']);
    assert.deepEqual(peer.warnings, [
      'test: cannot log: database or disk is full; lines are lost until it goes again',
      'test: logging again; 2 lines were lost',
    ]);
  });

  test('or a damaged one loses what was said just then, and goes on', async () => {
    using store = openMemoryStore();
    const logger = peer.logger(store);
    const { transaction } = store;
    store.transaction = () => {
      throw new StoreDamaged('database disk image is malformed');
    };
    logger.results(['{"a":0}']);
    store.transaction = transaction;
    logger.results(['{"a":1}']);
    await peer.round();
    assert.deepEqual(peer.lines, ['{"a":1}']);
    assert.match(peer.warnings.join(), /cannot log: database disk image is malformed.*; 1 lines were lost/);
  });

  test('that lets nothing be deleted sends nothing twice', async () => {
    using store = openMemoryStore();
    const logger = peer.logger(store);
    logger.results(['{"a":1}']);
    let free = () => {};
    peer.answer = async () => {
      free = fill(store);
    };
    await peer.round();
    await peer.round();
    free();
    peer.answer = take;
    logger.results(['{"a":2}']);
    for (let i = 0; i < 4; i++) await peer.round();
    assert.deepEqual(peer.lines, ['{"a":1}', '{"a":2}']);
    assert.equal(store.logs('test.result').length, 0);
  });
});

describe('the end', () => {
  test('what had not arrived is sent after a restart, what had is not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'osquery-forwarding-'));
    try {
      {
        using store = openStore(folder, storeFiles, assert.fail);
        const logger = peer.logger(store);
        logger.results(['{"a":1}']);
        await peer.round();
        peer.answer = refuse;
        logger.results(['{"a":2}']);
        await peer.round();
        await logger.close();
      }
      assert.deepEqual(peer.timers.waits, []);
      peer.answer = take;
      using store = openStore(folder, storeFiles, assert.fail);
      const logger = peer.logger(store);
      logger.results(['{"a":3}']);
      await logger.close();
      assert.deepEqual(peer.lines, ['{"a":1}', '{"a":2}', '{"a":3}']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('comes within seconds where nobody answers, and an answer after it is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'osquery-forwarding-'));
    try {
      let answer = () => {};
      {
        using store = openStore(folder, storeFiles, assert.fail);
        peer.answer = () =>
          new Promise((resolve) => {
            answer = resolve;
          });
        const logger = peer.logger(store, { maxLine: 1000 });
        logger.results(['{"a":1}']);
        logger.status([SAID]);
        peer.timers.ring(PERIOD_MS);
        await until(() => peer.tries.length === 1);
        const closed = logger.close();
        peer.timers.ring(3000);
        await closed;
      }
      answer();
      await until(() => peer.batches.length === 1);
      for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([peer.tries, peer.warnings], [['result'], []]);
      using store = openStore(folder, storeFiles, assert.fail);
      assert.deepEqual([store.logs('test.result').length, store.logs('test.status').length], [1, 1]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
