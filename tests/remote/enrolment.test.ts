import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { storeFiles } from '../../src/host/linux/store-files.ts';
import { RemoteFailure } from '../../src/remote/failure.ts';
import { openMemoryStore, openStore } from '../../src/store/sqlite-store.ts';
import { type Store, StoreFull } from '../../src/store/store.ts';
import { until } from '../../src/testing/fake-timers.ts';
import { failure } from './support/client.ts';
import { TestNode } from './support/node.ts';

const down = async () => {
  throw new RemoteFailure('connect', 'https://s:1/enroll: nobody listens there');
};

/** Lets the try that waits begin, and go to its end. */
async function turn(node: TestNode): Promise<number> {
  const before = node.bodies.length;
  const began = node.timers.now();
  node.timers.ring();
  const waited = (node.timers.now() - began) / 1000;
  await until(() => node.bodies.length > before);
  await new Promise((resolve) => setImmediate(resolve));
  return waited;
}

test('the first who needs a key starts the enrolment; all who wait get the same key', async () => {
  const node = new TestNode();
  assert.equal(node.enrolment.current, undefined);
  const heard: (string | undefined)[] = [];
  node.enrolment.onKey(() => heard.push(node.enrolment.current));
  const keys = await Promise.all([node.enrolment.key(), node.enrolment.key()]);
  assert.deepEqual(keys, ['KEY-1', 'KEY-1']);
  assert.equal(await node.enrolment.key(), 'KEY-1');
  assert.equal(node.bodies.length, 1);
  assert.deepEqual(heard, ['KEY-1']);
  assert.deepEqual(JSON.parse(node.bodies[0]!), {
    enroll_secret: 'the-secret',
    host_identifier: 'wire-host',
    platform_type: '9',
    host_details: {},
  });
});

test('the key is kept over a restart, unless --enroll_always', async () => {
  const store = openMemoryStore();
  await new TestNode({}, store).enrolment.key();
  assert.equal(new TestNode({}, store).enrolment.current, 'KEY-1');
  const always = new TestNode({ always: true }, store);
  assert.equal(always.enrolment.current, undefined);
  always.bodies.push('an earlier one');
  assert.equal(await always.enrolment.key(), 'KEY-2');
  assert.equal(new TestNode({}, store).enrolment.current, 'KEY-2');
});

test('the key lies in a file that only its owner may read; neither messages nor what is shown of the store has it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-node-'));
  try {
    const path = join(folder, 'db');
    using store = openStore(path, storeFiles, assert.fail);
    const node = new TestNode({}, store);
    node.answer = async () => ({ node_key: 'THE-NODE-KEY' });
    await node.enrolment.key();
    assert.equal(statSync(join(path, 'store.sqlite')).mode & 0o077, 0);
    assert.equal(statSync(path).mode & 0o077, 0);
    assert.ok(
      ['store.sqlite', 'store.sqlite-wal'].some((name) => readFileSync(join(path, name)).includes('THE-NODE-KEY')),
    );
    assert.doesNotMatch(JSON.stringify([...store.entries()]), /THE-NODE-KEY/);
    assert.doesNotMatch(node.said.join(), /THE-NODE-KEY|the-secret/);
    assert.equal(node.secrets.mask('THE-NODE-KEY the-secret'), '******** ********');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a server that is down: whoever asks hears so at once, tries go on by themselves, longer and longer apart', async () => {
  const node = new TestNode({ maxInterval: 20 });
  node.answer = down;
  const first = await failure(node.enrolment.key());
  assert.equal(first.kind, 'not enrolled');
  assert.equal(first.message, 'not enrolled: https://s:1/enroll: nobody listens there');
  const second = await failure(node.enrolment.key());
  assert.match(second.message, /^not enrolled \(https:.*nobody listens there\); the next try is in 1 s$/);
  assert.equal(node.bodies.length, 1);
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) waits.push(await turn(node));
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 20, 20]);
  node.answer = async () => ({ node_key: 'AT-LAST' });
  await turn(node);
  assert.equal(node.enrolment.current, 'AT-LAST');
  assert.deepEqual(node.timers.waits, []);
});

test('after so many tries it rests, says so once, and begins again when somebody asks', async () => {
  const node = new TestNode({ maxAttempts: 3, maxInterval: 100 });
  node.answer = down;
  await failure(node.enrolment.key());
  await turn(node);
  await turn(node);
  assert.deepEqual(node.timers.waits, []);
  assert.match(
    node.said.at(-1)!,
    /^ERROR enrolment failed 3 times \(--tls_enroll_max_attempts\); it rests 100 s: https:/,
  );
  assert.match((await failure(node.enrolment.key())).message, /the next try is in 100 s$/);
  // Nobody asks: nothing is sent.
  node.timers.set(() => undefined, 100_000);
  node.timers.ring();
  assert.equal(node.bodies.length, 3);
  node.answer = async () => ({ id: 'BY-ID' });
  assert.equal(await node.enrolment.key(), 'BY-ID');
});

test('0 attempts are no limit; Retry-After is heeded, up to its limit', async () => {
  const node = new TestNode({ maxAttempts: 0, maxInterval: 1, retryAfterMax: 50 });
  const { enrolment } = node;
  let retryAfter = 40;
  node.answer = async () => {
    throw new RemoteFailure('status', 'HTTP status 429', { status: 429, retryAfter });
  };
  await failure(enrolment.key());
  assert.deepEqual(node.timers.waits, [41_000]);
  retryAfter = 4000;
  await turn(node);
  assert.deepEqual(node.timers.waits, [51_000]);
  for (let i = 0; i < 30; i++) await turn(node);
  assert.doesNotMatch(node.said.join(), /ERROR/);
});

test('answers that give no key are failures that do not repeat what they gave', async () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{}, /there is no node_key in the answer$/],
    [{ error: 'go\r\naway, the-secret' }, /there is no node_key in the answer: go away, \*{8}$/],
    [{ node_invalid: true }, /there is no node_key/],
    [{ node_key: 42 }, /the node_key in the answer is not text/],
    [{ node_key: '' }, /the node_key in the answer is empty/],
    [{ node_key: null }, /there is no node_key/],
    [{ node_key: 'HIDDEN\r\nX-Evil: 1' }, /the node_key in the answer has characters that no header can have/],
    [{ node_key: 'x'.repeat(5000) }, /has more than 4096 characters/],
  ];
  for (const [answer, expected] of cases) {
    const node = new TestNode();
    node.answer = async () => answer;
    const { message } = await failure(node.enrolment.key());
    assert.match(message, expected);
    assert.doesNotMatch(message, /HIDDEN/);
    assert.equal(node.enrolment.current, undefined);
    node.enrolment.close();
  }
  for (const answer of [{ node_key: 'K', node_invalid: true }, { node_key: 'K', error: 'x' }, { id: 'K' }]) {
    const node = new TestNode();
    node.answer = async () => answer;
    assert.equal(await node.enrolment.key(), 'K');
  }
});

test('without a secret nothing is sent', async () => {
  const node = new TestNode();
  node.secret = () => {
    throw new RemoteFailure('local', 'no secret of enrolment: /x cannot be read: ENOENT; see --enroll_secret_path');
  };
  assert.match((await failure(node.enrolment.key())).message, /\/x cannot be read: ENOENT; see --enroll_secret_path/);
  assert.equal(node.bodies.length, 0);
  node.secret = () => 's';
  await turn(node);
  assert.equal(node.enrolment.current, 'KEY-1');
});

test('a key that the server refuses is replaced once, however many endpoints say so, and however often', async () => {
  const node = new TestNode();
  await node.enrolment.key();
  for (let i = 0; i < 5; i++) node.enrolment.refused('KEY-1');
  assert.equal(node.enrolment.current, undefined);
  assert.deepEqual(node.timers.waits, [1000]);
  assert.match((await failure(node.enrolment.key())).message, /the server does not know this node any more.*in 1 s/);
  await turn(node);
  assert.equal(node.enrolment.current, 'KEY-2');
  assert.equal(node.bodies.length, 2);
});

test('an answer about an older key throws nothing away', async () => {
  const node = new TestNode();
  await node.enrolment.key();
  node.enrolment.refused('KEY-1');
  await turn(node);
  node.enrolment.refused('KEY-1');
  node.enrolment.refused('');
  assert.equal(node.enrolment.current, 'KEY-2');
});

test('a server that refuses every key: enrolments come further and further apart, never in a loop', async () => {
  const node = new TestNode();
  await node.enrolment.key();
  const waits: number[] = [];
  for (let i = 0; i < 14; i++) {
    node.enrolment.refused(node.enrolment.current!);
    waits.push(await turn(node));
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600, 600]);
  // A key that was good for long begins anew.
  node.timers.set(() => undefined, 600_000);
  node.timers.ring();
  node.enrolment.refused(node.enrolment.current!);
  assert.equal(await turn(node), 1);
});

test('--disable_reenrollment keeps a refused key; --disable_enrollment has none and wants none', async () => {
  const keeping = new TestNode({ keepsRefused: true });
  await keeping.enrolment.key();
  keeping.enrolment.refused('KEY-1');
  assert.equal(await keeping.enrolment.key(), 'KEY-1');
  const without = new TestNode({ disabled: true });
  assert.equal(await without.enrolment.key(), '');
  without.enrolment.refused('');
  assert.equal(without.bodies.length, 0);
});

test('a full disk: the key is used all the same, and kept when there is room', async () => {
  const store = openMemoryStore();
  let full = true;
  const fragile: Store = Object.create(store, {
    transaction: {
      value: <T>(work: () => T, options?: object): T => {
        if (full) throw new StoreFull('full');
        return store.transaction(work, options);
      },
    },
  });
  const node = new TestNode({}, fragile);
  await node.enrolment.key();
  assert.equal(node.enrolment.current, 'KEY-1');
  assert.equal(store.settings.get('node_key'), undefined);
  full = false;
  assert.equal(node.enrolment.current, 'KEY-1');
  assert.equal(store.settings.get('node_key'), 'KEY-1');
});

test('the end: who waits hears of it, and nothing begins any more', async () => {
  const node = new TestNode();
  node.answer = () => new Promise(() => undefined);
  const waiting = failure(node.enrolment.key());
  node.enrolment.close();
  assert.equal((await waiting).kind, 'closed');
  assert.equal((await failure(node.enrolment.key())).kind, 'closed');
});
