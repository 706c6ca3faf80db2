import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { FromWorker, ToWorker } from '../../../src/daemon/watchdog/messages.ts';
import type { Usage } from '../../../src/daemon/watchdog/usage-meter.ts';
import { type Exit, Watcher, type WatcherOptions, type WorkerProcess } from '../../../src/daemon/watchdog/watcher.ts';

const OPTIONS: WatcherOptions = {
  limits: { memory: 1000, cpuMs: 600, latency: 6 },
  delay: 0,
  forcedShutdown: 4,
  maxDelay: 600,
  alarm: 15,
  debug: false,
};

/** A worker that does as a test says. */
class FakeWorker implements WorkerProcess {
  readonly pid: number;
  readonly heard: ToWorker[] = [];
  readonly signals: string[] = [];
  readonly ended: Promise<Exit>;
  main = 0;
  readonly tell: (message: FromWorker) => void;
  used: Usage | undefined = { cpuMs: 0, memory: 5000 };
  /** Whether it ends when it is asked to. */
  obeys = true;
  end: (exit: Exit) => void;

  constructor(pid: number, tell: (message: FromWorker) => void) {
    this.pid = pid;
    this.tell = tell;
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.ended = promise;
    this.end = resolve;
  }

  usage(): Usage | undefined {
    return this.used;
  }

  mainMs(): number {
    return this.main;
  }

  send(message: ToWorker): void {
    this.heard.push(message);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGHUP'): void {
    this.signals.push(signal);
    if (signal === 'SIGKILL') this.end({ code: null, signal });
    else if (signal === 'SIGTERM' && this.obeys) this.end({ code: 0, signal: null });
  }
}

/** What happens in each pause, in order; the last one ends the test's watcher. */
let script: (() => void)[];
let workers: FakeWorker[];
let said: string[];
let pauses: number[];
let end: AbortController;
let now: number;
beforeEach(() => {
  [script, workers, said, pauses, now] = [[], [], [], [], 0];
  end = new AbortController();
});

const worker = () => workers.at(-1)!;
const uses = (cpuMs: number, memory: number) => () => {
  worker().used = { cpuMs, memory };
};
const begins = (query: string) => () => worker().tell({ kind: 'begins', query });
const ends =
  (query: string, cpuMs = 0, memory = 0) =>
  () =>
    worker().tell({ kind: 'ends', query, use: { cpuMs, memory } });
/** A query tells what it uses, and the process uses what it does. */
const tells = (query: string, cpuMs: number, memory: number, then: () => void) => () => {
  worker().tell({ kind: 'uses', query, use: { cpuMs, memory } });
  then();
};
const all =
  (...steps: (() => void)[]) =>
  () => {
    for (const step of steps) step();
  };
const nothing = () => {};

function watch(options: Partial<WatcherOptions> = {}): Promise<number> {
  const watcher = new Watcher(
    { ...OPTIONS, ...options },
    {
      start(listener) {
        workers.push(new FakeWorker(100 + workers.length, listener));
        return worker();
      },
      now: () => now,
      async pause(seconds, stop) {
        pauses.push(seconds);
        // Who waited for the worker's end waits no longer.
        await Promise.resolve();
        if (stop?.aborted) return;
        now += seconds;
        (script.shift() ?? (() => end.abort()))();
        await Promise.resolve();
      },
      say: (severity, message) => said.push(`${severity} ${message}`),
      up: () => said.push('up'),
    },
  );
  return watcher.run(end.signal);
}

test('a worker that is well is left alone, and ended with its watcher', async () => {
  script = [() => worker().tell({ kind: 'up' }), uses(500, 5900), uses(1000, 6000)];
  assert.equal(await watch(), 0);
  assert.equal(workers.length, 1);
  assert.deepEqual(worker().signals, ['SIGTERM']);
  assert.deepEqual(said, ['up']);
});

test('a worker that grows too large of itself is started anew, later', async () => {
  script = [() => worker().tell({ kind: 'up' }), uses(0, 6001), nothing];
  await watch();
  assert.equal(workers.length, 2);
  assert.deepEqual(workers[0]!.signals, ['SIGTERM']);
  assert.deepEqual(said.slice(1), [
    'WARNING osqueryd worker (100) stopping: Memory limits exceeded: 1001 bytes (limit is 0.00095367431640625MB)',
    'WARNING osqueryd worker respawning too quickly: 1 times; the next in 7 s',
  ]);
  assert.deepEqual(workers[1]!.heard, []);
});

test('one that does not end is killed', async () => {
  script = [
    () => {
      worker().obeys = false;
    },
    uses(0, 7000),
    nothing,
    nothing,
  ];
  await watch();
  assert.deepEqual(workers[0]!.signals, ['SIGTERM', 'SIGKILL']);
  assert.ok(said.includes('WARNING osqueryd worker (100) could not be stopped. Sending kill signal.'));
});

test('limits hold after the delay', async () => {
  script = [nothing, uses(0, 9000), uses(0, 9000), uses(0, 5000)];
  await watch({ delay: 30 });
  assert.equal(workers.length, 1);
});

test('a query that is to blame is stopped alone', async () => {
  script = [nothing, begins('big'), tells('big', 0, 750, uses(0, 6500)), uses(0, 5000), nothing, nothing];
  await watch();
  assert.equal(workers.length, 1);
  assert.deepEqual(
    worker().heard.map((message) => (message.kind === 'stop' ? message.query : message.kind)),
    ['big'],
  );
  assert.match(said[0]!, /^WARNING osqueryd worker \(100\) stops scheduled query big: Memory limits exceeded/);
});

test('a query that burns the CPU is stopped alone', async () => {
  script = [
    nothing,
    begins('busy'),
    tells('busy', 500, 0, uses(1000, 5000)),
    tells('busy', 1000, 0, uses(2000, 5000)),
    uses(2000, 5000),
    nothing,
  ];
  await watch();
  assert.equal(workers.length, 1);
  assert.deepEqual(worker().heard, [
    {
      kind: 'stop',
      query: 'busy',
      reason: 'Maximum sustainable CPU utilization limit 600ms exceeded for 6 seconds',
    },
  ]);
});

test('where that does not help, the worker is started anew without the query', async () => {
  script = [nothing, begins('big'), tells('big', 0, 1500, uses(0, 6500)), nothing, nothing, nothing, nothing];
  await watch();
  assert.equal(workers.length, 2);
  assert.deepEqual(
    workers[1]!.heard.map((message) => ('query' in message ? `${message.kind} ${message.query}` : '')),
    ['denylist big'],
  );
});

test('a query that did not bring the excess is neither stopped nor put aside', async () => {
  script = [nothing, all(begins('small'), begins('hung')), tells('small', 0, 499, uses(0, 6100)), nothing, nothing];
  await watch();
  assert.equal(workers.length, 2);
  assert.deepEqual(
    workers.map(({ heard }) => heard),
    [[], []],
  );
});

test('of two that run the one whose thread used it is to blame, whichever began last', async () => {
  script = [
    nothing,
    all(begins('bomb'), begins('good')),
    all(tells('good', 0, 10, nothing), tells('bomb', 0, 900, uses(0, 6100))),
    uses(0, 5000),
    nothing,
  ];
  await watch();
  assert.deepEqual(
    worker().heard.map((message) => ('query' in message ? `${message.kind} ${message.query}` : '')),
    ['stop bomb'],
  );
});

test('many short runs of one query count together, and it is put aside where none runs now', async () => {
  script = [
    nothing,
    all(
      begins('often'),
      ends('often', 400),
      begins('good'),
      ends('good', 5),
      begins('often'),
      ends('often', 400),
      uses(1000, 5000),
    ),
    all(begins('often'), ends('often', 300), begins('often'), ends('often', 300), uses(2000, 5000)),
    nothing,
  ];
  await watch();
  assert.deepEqual(
    worker().heard.map((message) => ('query' in message ? `${message.kind} ${message.query}` : '')),
    ['denylist often'],
  );
});

test('what the main thread does with the rows of a query is the cost of that query', async () => {
  const logs = () => worker().tell({ kind: 'logs', query: 'wide', use: { cpuMs: 100, memory: 50 } });
  script = [
    nothing,
    all(begins('wide'), logs, () => {
      worker().main = 900;
      worker().used = { cpuMs: 1000, memory: 5000 };
    }),
    () => {
      worker().main = 1900;
      worker().used = { cpuMs: 2000, memory: 5000 };
    },
    all(ends('wide', 2000), nothing),
  ];
  await watch();
  assert.deepEqual(
    worker().heard.map((message) => ('query' in message ? `${message.kind} ${message.query}` : '')),
    ['stop wide'],
  );
});

test('a worker that leaves is not waited for, nor one that cannot be killed', async () => {
  script = [
    () => worker().tell({ kind: 'up' }),
    () => worker().tell({ kind: 'leaves' }),
    nothing,
    all(uses(0, 9000), () => {
      worker().kill = (signal) => void worker().signals.push(signal);
    }),
  ];
  await watch();
  assert.equal(workers.length, 2);
  assert.ok(said.includes('ERROR osqueryd worker (100) ended and hangs'));
  assert.deepEqual(workers[1]!.signals, ['SIGTERM', 'SIGKILL']);
});

test('one that ended before the last look is not blamed', async () => {
  script = [begins('early'), ends('early', 0, 2000), nothing, uses(0, 7000), nothing];
  await watch();
  assert.equal(workers.length, 2);
  assert.deepEqual(workers[1]!.heard, []);
});

test('a worker that crashes in a query goes on without the query, one that was killed with it', async () => {
  const dies = (exit: Exit) => () => {
    worker().tell({ kind: 'up' });
    worker().tell({ kind: 'begins', query: 'q' });
    now += 10;
    worker().end(exit);
  };
  script = [
    dies({ code: null, signal: 'SIGKILL' }),
    dies({ code: null, signal: 'SIGABRT' }),
    dies({ code: null, signal: 'SIGKILL', outOfMemory: true }),
    nothing,
  ];
  await watch();
  assert.deepEqual(
    workers.map(({ heard }) => heard.length),
    [0, 0, 1, 1],
  );
  assert.ok(said.includes('ERROR osqueryd worker (101) ended by SIGABRT'));
});

test('a crash while two queries run is blamed on neither', async () => {
  script = [
    all(begins('one'), begins('two'), () => {
      worker().tell({ kind: 'up' });
      now += 10;
      worker().end({ code: null, signal: 'SIGSEGV' });
    }),
    nothing,
  ];
  await watch();
  assert.deepEqual(workers[1]!.heard, []);
});

test('what is wrong from the beginning ends the watcher, too', async () => {
  script = [() => worker().end({ code: 1, signal: null })];
  assert.equal(await watch(), 1);
  assert.equal(workers.length, 1);
});

test('a worker that is done ends the watcher', async () => {
  script = [
    () => {
      worker().tell({ kind: 'up' });
      worker().tell({ kind: 'done' });
      worker().end({ code: 0, signal: null });
    },
  ];
  assert.equal(await watch(), 0);
  assert.equal(workers.length, 1);
});

test('of two that each use more than all may, neither half of it, the greater is to blame', async () => {
  script = [
    nothing,
    all(begins('one'), begins('two')),
    all(
      tells('one', 1500, 0, nothing),
      tells('two', 1400, 0, nothing),
      begins('three'),
      tells('three', 1400, 0, uses(4300, 5000)),
    ),
    all(tells('one', 3000, 0, nothing), tells('two', 2800, 0, nothing), tells('three', 2800, 0, uses(8600, 5000))),
    nothing,
  ];
  await watch();
  assert.deepEqual(
    workers.flatMap(({ heard }) =>
      heard.map((message) => ('query' in message ? `${message.kind} ${message.query}` : '')),
    ),
    ['stop one'],
  );
});
