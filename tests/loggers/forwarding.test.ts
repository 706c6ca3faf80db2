import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { storeFiles } from '../../src/host/linux/store-files.ts';
import { ForwardingLogger, type ForwardingOptions, type LineKind } from '../../src/loggers/forwarding.ts';
import { openMemoryStore, openStore } from '../../src/store/sqlite-store.ts';
import { type Store, StoreFull } from '../../src/store/store.ts';

const OPTIONS: ForwardingOptions = {
  name: 'test',
  period: 4,
  backoffMax: 3600,
  maxLine: 100,
  bufferedMax: 0,
  hostIdentifier: () => 'host-1',
};

/** A server that takes batches or not, and a clock that a test turns. */
class Peer {
  readonly batches: [LineKind, readonly string[]][] = [];
  readonly warnings: string[] = [];
  takes = true;
  #callback: (() => void) | undefined;
  /** Milliseconds until the next round. */
  waits = 0;

  logger(store: Store, options: Partial<ForwardingOptions> = {}): ForwardingLogger {
    return new ForwardingLogger(
      store,
      { ...OPTIONS, ...options },
      async (kind, lines) => {
        if (!this.takes) throw new Error('ECONNREFUSED');
        this.batches.push([kind, lines]);
      },
      (text) => this.warnings.push(text),
      {
        set: (callback, milliseconds) => {
          this.#callback = callback;
          this.waits = milliseconds;
        },
        clear: () => {
          this.#callback = undefined;
        },
      },
    );
  }

  /** The next round, to its end: it sets the timer of the one after it. */
  async round(): Promise<void> {
    const callback = this.#callback!;
    this.#callback = undefined;
    callback();
    while (this.#callback === undefined) await new Promise((resolve) => setImmediate(resolve));
  }

  get lines(): string[] {
    return this.batches.flatMap(([, lines]) => lines);
  }
}

let peer: Peer;
beforeEach(() => {
  peer = new Peer();
});

test('sends what came, in its order, and keeps nothing that arrived', async () => {
  using store = openMemoryStore();
  const logger = peer.logger(store);
  assert.equal(peer.waits, 4000);
  logger.result('{"a":1}');
  logger.snapshot('{"a":2}');
  logger.status([{ severity: 'WARNING', time: 1795464222500, file: 'x.ts', line: 7, message: 'm' }]);
  await peer.round();
  assert.deepEqual(peer.batches, [
    ['result', ['{"a":1}', '{"a":2}']],
    ['status', ['{"s":1,"f":"x.ts","i":7,"m":"m","h":"host-1","c":"Mon Nov 23 20:03:42 2026 UTC","u":1795464222}']],
  ]);
  await peer.round();
  assert.equal(peer.batches.length, 2);
  assert.equal(store.logs('test.result').length, 0);
});

test('a backlog goes batch by batch, results and statuses in turn', async () => {
  using store = openMemoryStore();
  const logger = peer.logger(store);
  for (let i = 0; i < 2500; i++) logger.result(`{"i":${i}}`);
  logger.status([{ severity: 'INFO', time: 0, file: 'x.ts', line: 0, message: 'm' }]);
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

test('waits longer and longer for who does not take it, and sends all afterwards', async () => {
  using store = openMemoryStore();
  const logger = peer.logger(store, { backoffMax: 60 });
  peer.takes = false;
  logger.result('{"a":1}');
  const waits: number[] = [];
  for (let i = 0; i < 5; i++) {
    await peer.round();
    waits.push(peer.waits / 1000);
  }
  assert.deepEqual(waits, [4, 16, 36, 60, 60]);
  assert.deepEqual(peer.warnings, ['test: lines wait: ECONNREFUSED']);
  logger.result('{"a":2}');
  peer.takes = true;
  await peer.round();
  assert.deepEqual(peer.lines, ['{"a":1}', '{"a":2}']);
  assert.equal(peer.waits, 4000);
});

test('keeps the newest lines up to its limit, and says how many went', async () => {
  using store = openMemoryStore();
  const logger = peer.logger(store, { bufferedMax: 1000 });
  peer.takes = false;
  for (let i = 0; i < 3000; i++) logger.result(`{"i":${i}}`);
  await peer.round();
  assert.equal(store.logs('test.result').length, 1000);
  assert.ok(peer.warnings.includes('test: 2000 result lines beyond buffered_log_max (1000) are dropped'));
  peer.takes = true;
  await peer.round();
  assert.deepEqual([peer.lines[0], peer.lines.length], ['{"i":2000}', 1000]);
});

test('a line that is too long is dropped alone', async () => {
  using store = openMemoryStore();
  const logger = peer.logger(store);
  logger.result('x'.repeat(101));
  logger.result('é'.repeat(51));
  logger.result('x'.repeat(100));
  await peer.round();
  assert.deepEqual(peer.lines, ['x'.repeat(100)]);
  assert.deepEqual(peer.warnings, Array(2).fill('test: a line of more than 100 bytes is dropped'));
});

test('a full disk loses lines and says how many', () => {
  using store = openMemoryStore();
  const logger = peer.logger(store);
  const { transaction } = store;
  store.transaction = () => {
    throw new StoreFull('database or disk is full');
  };
  logger.result('{"a":1}');
  logger.result('{"a":2}');
  store.transaction = transaction;
  logger.result('{"a":3}');
  assert.deepEqual(peer.warnings, [
    'test: cannot log: database or disk is full; lines are lost until it goes again',
    'test: logging again; 2 lines were lost',
  ]);
});

describe('over a restart', () => {
  test('what had not arrived is sent by the next one, what had is not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'osquery-forwarding-'));
    try {
      {
        using store = openStore(folder, storeFiles, assert.fail);
        const logger = peer.logger(store);
        logger.result('{"a":1}');
        await peer.round();
        peer.takes = false;
        logger.result('{"a":2}');
        await peer.round();
        await logger.close();
      }
      peer.takes = true;
      using store = openStore(folder, storeFiles, assert.fail);
      const logger = peer.logger(store);
      logger.result('{"a":3}');
      await logger.close();
      assert.deepEqual(peer.lines, ['{"a":1}', '{"a":2}', '{"a":3}']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
