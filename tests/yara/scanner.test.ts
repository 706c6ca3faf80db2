import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Activity } from '../../src/base/activity.ts';
import type { FromScanner, ScannerData, ToScanner } from '../../src/yara/messages.ts';
import { type ScannerThread, YaraScanner } from '../../src/yara/scanner.ts';

const SCANNED = { kind: 'scanned', matches: [{ rule: 'r', tags: [], strings: [] }] } as const;

/** A thread that tells what a test says. */
class FakeThread extends EventEmitter {
  readonly groups: readonly string[];
  readonly asked: ToScanner[] = [];
  terminated = false;
  call: string | undefined;

  constructor(groups: readonly string[]) {
    super();
    this.groups = groups;
  }

  postMessage(message: ToScanner): void {
    this.asked.push(message);
  }

  tell(message: FromScanner): this {
    this.emit('message', message);
    return this;
  }

  async terminate(): Promise<void> {
    this.terminated = true;
  }

  unref(): void {}

  hangs(): string | undefined {
    return this.call;
  }
}

function over({ endsIdle = true } = {}) {
  const threads: FakeThread[] = [];
  const said: string[] = [];
  const scanner = new YaraScanner({
    start: (groups) => {
      threads.push(new FakeThread(groups));
      return threads.at(-1)!;
    },
    canStart: () => threads.length < 3,
    groups: ['a', 'b'],
    say: (message) => said.push(message),
    scanMs: 5000,
    compileMs: 30_000,
    rest: 9,
    endsIdle,
    ended: () => {},
  });
  return { scanner, threads, said };
}

/** Lets promises go on while the clock stands. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function withClock(name: string, work: () => Promise<void>): void {
  test(name, async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      await work();
    } finally {
      mock.timers.reset();
    }
  });
}

withClock('one scan after the other, with rest between, until it is closed', async () => {
  const { scanner, threads, said } = over();
  const [thread] = threads;
  thread!
    .tell({ kind: 'compiles', group: 'a' })
    .tell({ kind: 'complains', message: 'group a: x' })
    .tell({ kind: 'ready' });
  assert.deepEqual(said, ['group a: x']);
  const first = scanner.scan('/1', ['a']);
  const second = scanner.scan('/2', ['a', 'b']);
  await settle();
  assert.deepEqual(thread!.asked, [{ id: 1, path: '/1', groups: ['a'] }]);
  thread!.tell({ kind: 'scans', id: 1 }).tell({ kind: 'answers', id: 1, outcome: SCANNED });
  assert.deepEqual(await first, SCANNED);
  await settle();
  mock.timers.tick(60_000);
  await settle();
  assert.equal(thread!.asked.at(-1)!.path, '/2');
  await scanner.close();
  assert.deepEqual(await second, { kind: 'failed', cause: 'failed', reason: 'the agent ends' });
  assert.deepEqual(await scanner.scan('/3', []), { kind: 'failed', cause: 'failed', reason: 'the agent ends' });
  assert.equal(thread!.terminated, true);
  assert.equal(threads.length, 1);
});

withClock('a scan that takes too long fails, and costs its thread the life; the next gets another', async () => {
  const { scanner, threads } = over();
  threads[0]!.tell({ kind: 'ready' });
  const first = scanner.scan('/1', ['a']);
  const second = scanner.scan('/2', ['a']);
  await settle();
  threads[0]!.tell({ kind: 'scans', id: 1 });
  mock.timers.tick(4999);
  await settle();
  assert.equal(threads[0]!.terminated, false);
  mock.timers.tick(1);
  assert.deepEqual(await first, { kind: 'failed', cause: 'took too long', reason: 'took longer than 5 s' });
  assert.equal(threads[0]!.terminated, true);
  await settle();
  mock.timers.tick(60_000);
  await settle();
  assert.equal(threads.length, 2);
  // What the first one says now counts no more.
  threads[0]!.tell({ kind: 'answers', id: 2, outcome: { kind: 'absent' } }).emit('exit');
  threads[1]!.tell({ kind: 'ready' }).tell({ kind: 'scans', id: 2 }).tell({ kind: 'answers', id: 2, outcome: SCANNED });
  assert.deepEqual(await second, SCANNED);
  await scanner.close();
});

withClock(
  'a thread that hangs in the kernel is given up; its end is not waited for, and not too many are started',
  async () => {
    const { scanner, threads } = over();
    const reason = 'open /1 does not return since 8 s';
    const failed = { kind: 'failed', cause: 'took too long', reason };
    for (const id of [1, 2, 3]) {
      const scan = scanner.scan(`/${id}`, ['a']);
      await settle();
      const thread = threads.at(-1)!;
      thread.terminate = () => new Promise(() => {});
      thread.tell({ kind: 'ready' }).tell({ kind: 'scans', id });
      mock.timers.tick(500);
      thread.call = reason;
      mock.timers.tick(500);
      assert.deepEqual(await scan, failed);
      await settle();
      mock.timers.tick(60_000);
      await settle();
    }
    assert.equal(threads.length, 3);
    const last = await scanner.scan('/4', ['a']);
    assert.deepEqual(last, { kind: 'failed', cause: 'failed', reason: 'threads that scan hang' });
    await scanner.close();
  },
);

withClock('the end does not wait for a thread that hangs', async () => {
  const { scanner, threads } = over();
  threads[0]!.terminate = () => new Promise(() => {});
  const closed = scanner.close();
  await settle();
  mock.timers.tick(500);
  await closed;
});

withClock('a group that cannot be compiled in time is put aside; the others, and what was asked, go on', async () => {
  const { scanner, threads, said } = over();
  const scan = scanner.scan('/1', ['a', 'b']);
  await settle();
  threads[0]!.tell({ kind: 'compiles', group: 'a' });
  mock.timers.tick(30_000);
  assert.deepEqual(said, ['group a is put aside: to compile it took longer than 30 s']);
  assert.deepEqual(
    threads.map(({ groups }) => groups),
    [['a', 'b'], ['b']],
  );
  threads[1]!.tell({ kind: 'compiles', group: 'b' }).tell({ kind: 'ready' });
  assert.equal(threads[1]!.asked[0]!.path, '/1');
  threads[1]!.tell({ kind: 'scans', id: 1 }).tell({ kind: 'answers', id: 1, outcome: SCANNED });
  assert.deepEqual(await scan, SCANNED);
  await scanner.close();
});

withClock('a thread that does not come up fails each scan, and is started no more than once a second', async () => {
  const { scanner, threads, said } = over();
  threads[0]!.emit('error', new Error('no such package'));
  const scans = [scanner.scan('/1', ['a']), scanner.scan('/2', ['a'])];
  await settle();
  threads[1]!.emit('error', new Error('no such package'));
  assert.deepEqual(await scans[0], { kind: 'failed', cause: 'failed', reason: 'no such package' });
  await settle();
  mock.timers.tick(999);
  await settle();
  assert.equal(threads.length, 2);
  mock.timers.tick(60_000);
  await settle();
  threads[2]!.emit('exit');
  assert.deepEqual(await scans[1], { kind: 'failed', cause: 'failed', reason: 'its thread ended' });
  assert.equal(said[0], 'cannot scan: no such package');
  await scanner.close();
});

for (const endsIdle of [true, false]) {
  withClock(`a thread with nothing to do for a minute ${endsIdle ? 'ends' : 'stays'}`, async () => {
    const { scanner, threads } = over({ endsIdle });
    threads[0]!.tell({ kind: 'ready' });
    mock.timers.tick(60_000);
    assert.equal(threads[0]!.terminated, endsIdle);
    const scan = scanner.scan('/1', ['a']);
    await settle();
    assert.equal(threads.length, endsIdle ? 2 : 1);
    threads.at(-1)!.tell({ kind: 'ready' }).tell({ kind: 'scans', id: 1 });
    threads.at(-1)!.tell({ kind: 'answers', id: 1, outcome: { kind: 'absent' } });
    assert.deepEqual(await scan, { kind: 'absent' });
    await scanner.close();
  });
}

/** The real thread, with rules, files and bounds of a test. */
function real(
  folder: string,
  rules: Record<string, string>,
  { scanMs = 60_000, compileMs = 60_000, sizeLimit = 1_000_000, memory = 32 },
) {
  const said: string[] = [];
  for (const [name, text] of Object.entries(rules)) writeFileSync(join(folder, `${name}.yar`), text);
  const scanner = new YaraScanner({
    start: (names) => {
      const groups = new Map(names.map((name) => [name, [join(folder, `${name}.yar`)]]));
      const limits = { sizeLimit, memoryLimit: memory * 1024 * 1024, trims: true, sandboxed: true };
      const workerData: ScannerData = { groups, ...limits, activity: new Activity().shared, leftAlone: [] };
      const thread = new Worker(new URL('../../src/main/yara-thread.ts', import.meta.url), { workerData });
      return thread as unknown as ScannerThread;
    },
    canStart: () => true,
    groups: Object.keys(rules),
    say: (message) => said.push(message),
    scanMs,
    compileMs,
    rest: 0,
    endsIdle: true,
    ended: () => {},
  });
  return { scanner, said };
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-yara-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the real thread: hostile rules and files cost the scan, not the agent', () =>
  inFolder(async (folder) => {
    const { scanner, said } = real(
      folder,
      {
        good: 'import "console"\nrule good { strings: $a = "abc" condition: $a and console.log("printed?") }',
        loops: 'rule loops { condition: for all i in (0..1000000000000) : (i >= 0) }',
        backtracks: 'rule backtracks { strings: $a = /((a+)+)+$/ condition: $a }',
        deep: `rule deep { condition: ${'not '.repeat(200_000)} true }`,
        nested: `rule nested { condition: ${'('.repeat(100_000)}true${')'.repeat(100_000)} }`,
        repeated: 'rule repeated { strings: $a = /((((a{1000}){1000}){1000}){1000})/ condition: $a }',
        binary: '\0\x01\x02\xff',
      },
      { scanMs: 4000 },
    );
    const file = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const path = file('abc', 'abc');
    const matched = { kind: 'scanned', matches: [{ rule: 'good', tags: [], strings: ['$a:0'] }] };
    assert.deepEqual(await scanner.scan(path, ['good', 'deep', 'nested', 'repeated', 'binary', 'unknown']), matched);
    const late = { kind: 'failed', cause: 'took too long', reason: 'took longer than 4 s' };
    assert.deepEqual(await scanner.scan(path, ['good', 'loops']), late);
    assert.deepEqual(await scanner.scan(file('as', 'a'.repeat(900_000)), ['backtracks']), late);
    assert.deepEqual(await scanner.scan(path, ['good']), matched);
    const large = file('large', '');
    truncateSync(large, 1_000_001);
    assert.deepEqual(await scanner.scan(large, ['good']), {
      kind: 'failed',
      cause: 'file too large',
      reason: 'has more than 1000000 bytes',
    });
    for (const name of ['/dev/zero', folder, join(folder, 'gone')]) {
      assert.deepEqual(await scanner.scan(name, ['good']), { kind: 'absent' }, name);
    }
    for (const group of ['deep', 'nested']) {
      assert.ok(
        said.some((text) => text.startsWith(`group ${group}`)),
        `${group}: ${said.join('\n')}`,
      );
    }
    assert.ok(said.some((text) => /^group binary: .*binary\.yar:1:1: /.test(text)));
    await scanner.close();
  }));

test('the real thread: memory has a bound', () =>
  inFolder(async (folder) => {
    const { scanner } = real(
      folder,
      { good: 'rule good { condition: filesize > 0 }' },
      { sizeLimit: 64 * 1024 * 1024 },
    );
    const large = join(folder, 'large');
    writeFileSync(large, '');
    truncateSync(large, 40 * 1024 * 1024);
    const outcome = await scanner.scan(large, ['good']);
    assert.deepEqual(outcome, { kind: 'failed', cause: 'failed', reason: 'needs too much memory' });
    truncateSync(large, 20 * 1024 * 1024);
    assert.equal((await scanner.scan(large, ['good'])).kind, 'scanned');
    await scanner.close();
  }));

test('the real thread: rules that take too long to compile are put aside', () =>
  inFolder(async (folder) => {
    const strings = Array.from({ length: 8000 }, (_, i) => `$a${i} = /word${i}[0-9a-f]{4,16}end${i}/ nocase`);
    const { scanner, said } = real(
      folder,
      {
        good: 'rule good { condition: true }',
        slow: `rule slow { strings: ${strings.join(' ')} condition: any of them }`,
      },
      { compileMs: 4000, memory: 200 },
    );
    const outcome = await scanner.scan(join(folder, 'good.yar'), ['good', 'slow']);
    assert.deepEqual(outcome, { kind: 'scanned', matches: [{ rule: 'good', tags: [], strings: [] }] });
    assert.deepEqual(said, ['group slow is put aside: to compile it took longer than 4 s']);
    await scanner.close();
  }));
