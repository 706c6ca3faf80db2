import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { SqlError } from '../../src/engine/errors.ts';
import { BATCH, type Reply, type Request, SHARED, SHARED_BYTES } from '../../src/shell/interactive/protocol.ts';
import { serve } from '../../src/shell/interactive/serve.ts';
import { GRACE_MS, type Thread, ThreadRunner } from '../../src/shell/interactive/thread-runner.ts';
import { Cancelled, type SqlRunner } from '../../src/shell/runner.ts';

type Listener = (value: never) => void;

/** A thread that answers as the test says. */
class FakeThread implements Thread {
  readonly requests: Request[] = [];
  readonly #listeners = new Map<string, Listener>();
  terminated = false;

  on(event: string, listener: Listener): void {
    this.#listeners.set(event, listener);
  }

  emit(event: 'message' | 'error' | 'exit', value?: Reply | Error): void {
    this.#listeners.get(event)?.(value as never);
  }

  postMessage(request: Request): void {
    this.requests.push(request);
  }

  async terminate(): Promise<void> {
    this.terminated = true;
  }

  unref(): void {}
}

/** A runner, its threads so far, and the rows that it gave. */
function start(deadlineMs = 0) {
  const threads: FakeThread[] = [];
  const warnings: string[] = [];
  const shared = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  const runner = new ThreadRunner(
    () => {
      const thread = new FakeThread();
      threads.push(thread);
      return thread;
    },
    shared,
    (text) => warnings.push(text),
    deadlineMs,
  );
  const rows: (readonly (string | null)[])[] = [];
  const sink = { columns() {}, row: (cells: readonly (string | null)[]) => rows.push(cells) };
  return { runner, threads, warnings, shared, rows, sink };
}

/** Until everything that is ready has run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the side of the prompt', () => {
  test('requests go one after the other', async () => {
    const { runner, threads, sink, rows, warnings } = start();
    const first = runner.run('select 1', sink);
    const second = runner.tables();
    await settled();
    const [thread] = threads;
    assert.deepEqual(thread!.requests, [{ kind: 'run', sql: 'select 1', traced: false }]);
    thread!.emit('message', { kind: 'rows', rows: [['1']] });
    thread!.emit('message', { kind: 'warning', text: 'w' });
    thread!.emit('message', { kind: 'done', answer: undefined });
    await first;
    await settled();
    assert.equal(thread!.requests.length, 2);
    thread!.emit('message', { kind: 'done', answer: ['users'] });
    assert.deepEqual(await second, ['users']);
    assert.deepEqual(rows, [['1']]);
    assert.deepEqual(warnings, ['w']);
  });

  test('after Ctrl-C no more rows come', async () => {
    const { runner, threads, sink, rows, shared } = start();
    const ran = runner.run('select', sink);
    await settled();
    threads[0]!.emit('message', { kind: 'rows', rows: [['1']] });
    runner.cancel();
    assert.equal(shared[SHARED.cancel], 1);
    threads[0]!.emit('message', { kind: 'rows', rows: [['2']] });
    threads[0]!.emit('message', { kind: 'failed', message: 'interrupted', code: 9 });
    await assert.rejects(ran, Cancelled);
    assert.deepEqual(rows, [['1']]);
  });

  test('a query that does not stop costs its thread, not the prompt', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { runner, threads, sink } = start();
      const ran = runner.run('select instr(…)', sink);
      await settled();
      runner.cancel();
      runner.cancel();
      mock.timers.tick(GRACE_MS);
      await assert.rejects(ran, /^UserError: interrupted: the query did not stop; .* temporary tables are lost$/);
      assert.equal(threads[0]!.terminated, true);
      const tables = runner.tables();
      await settled();
      // What the old one still says concerns nobody.
      threads[0]!.emit('message', { kind: 'done', answer: ['late'] });
      threads[0]!.emit('exit');
      threads[1]!.emit('message', { kind: 'done', answer: [] });
      assert.deepEqual(await tables, []);
      // Nothing runs that could be given up.
      runner.cancel();
      mock.timers.tick(GRACE_MS);
      assert.equal(threads[1]!.terminated, false);
    } finally {
      mock.timers.reset();
    }
  });

  test('nor does one that passes its deadline and does not stop; of several in one line each has its time', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const { runner, threads, sink, shared } = start(0.000_001);
      const ran = runner.run('select 1; select instr(…)', sink);
      await settled();
      for (let statement = 1; statement < 5; statement++) {
        shared[SHARED.statement] = statement;
        mock.timers.tick(GRACE_MS);
      }
      assert.equal(threads[0]!.terminated, false);
      mock.timers.tick(GRACE_MS);
      await assert.rejects(ran, /the query did not stop/);
      assert.equal(threads[0]!.terminated, true);
    } finally {
      mock.timers.reset();
    }
  });

  test('close waits for no query that does not stop', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const { runner, threads, sink } = start();
      const ran = runner.run('select', sink);
      await settled();
      const closed = runner.close();
      mock.timers.tick(GRACE_MS);
      await assert.rejects(ran, /the query did not stop/);
      await closed;
      assert.equal(threads.length, 1);
    } finally {
      mock.timers.reset();
    }
  });

  test('a deadline is no Ctrl-C', async () => {
    const { runner, threads, sink } = start();
    const ran = runner.run('select', sink);
    await settled();
    threads[0]!.emit('message', { kind: 'failed', message: 'interrupted: the query took longer', code: 9 });
    await assert.rejects(
      ran,
      (cause) => cause instanceof SqlError && !(cause instanceof Cancelled) && cause.code === 9,
    );
  });

  test('a thread that dies fails its query; the next query has a new one', async () => {
    const { runner, threads, sink, shared } = start();
    const ran = runner.run('select 1', sink);
    await settled();
    shared[SHARED.outstanding] = 7;
    threads[0]!.emit('error', new Error('out of memory'));
    threads[0]!.emit('exit');
    await assert.rejects(ran, { name: 'UserError', message: 'the thread that runs SQL has ended: out of memory' });
    const tables = runner.tables();
    await settled();
    assert.equal(threads.length, 2);
    assert.equal(shared[SHARED.outstanding], 0);
    threads[1]!.emit('message', { kind: 'done', answer: [] });
    assert.deepEqual(await tables, []);
  });

  test('a thread that died while nobody asked is replaced, too', async () => {
    const { runner, threads } = start();
    threads[0]!.emit('exit');
    const tables = runner.tables();
    await settled();
    threads[1]!.emit('message', { kind: 'done', answer: [] });
    assert.deepEqual(await tables, []);
  });

  test('close ends the thread', async () => {
    const { runner, threads } = start();
    const closed = runner.close();
    await settled();
    threads[0]!.emit('message', { kind: 'done', answer: undefined });
    await closed;
    assert.ok(threads[0]!.terminated);
  });
});

describe('the side of SQL', () => {
  /** The replies to one `run` that gives these rows. */
  async function replies(rows: readonly (readonly string[])[]): Promise<Reply[]> {
    const sent: Reply[] = [];
    let ask: (request: Request) => void = () => {};
    const port = {
      on: (_event: 'message', listener: (request: Request) => void) => {
        ask = listener;
      },
      postMessage: (reply: Reply) => {
        sent.push(reply);
      },
      close: () => {},
    };
    const runner: Pick<SqlRunner, 'run' | 'setTraced'> = {
      setTraced: async () => {},
      run: async (_sql, sink) => {
        sink.columns(['a']);
        for (const row of rows) sink.row(row);
      },
    };
    serve(port, runner as SqlRunner, new Int32Array(new SharedArrayBuffer(SHARED_BYTES)));
    ask({ kind: 'run', sql: 'select', traced: false });
    await settled();
    return sent;
  }

  const sizes = (sent: readonly Reply[]) => sent.flatMap((reply) => (reply.kind === 'rows' ? reply.rows.length : []));

  test('rows go in batches', async () => {
    const sent = await replies(Array.from({ length: BATCH * 2 + 1 }, () => ['x']));
    assert.equal(sent[0]!.kind, 'columns');
    assert.equal(sent.at(-1)!.kind, 'done');
    // A slow machine may send one earlier.
    assert.equal(
      sizes(sent).reduce((a, b) => a + b),
      BATCH * 2 + 1,
    );
    assert.ok(sizes(sent).every((size) => size <= BATCH));
  });

  test('large rows go alone', async () => {
    const large = ['x'.repeat(300_000)];
    assert.deepEqual(sizes(await replies([large, large, large])), [1, 1, 1]);
  });
});
