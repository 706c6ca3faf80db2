import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { startWithoutRings } from '../../../../src/host/linux/sandbox/rings.ts';
import { EventStore } from '../../../../src/store/event-store.ts';
import type { Inside, Outcome } from './inside.ts';

const isRoot = process.getuid!() === 0;
const folder = mkdtempSync('/tmp/osquery-sandbox-test-');
const log = openSync(join(folder, 'log'), 'w+');
// Not of the same session, and with an environment that the test knows of.
const other = spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
const server = createServer((socket) => socket.destroy())
  .listen(0, '127.0.0.1')
  .unref();
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const events = join(folder, 'events.sqlite');
new EventStore(events)[Symbol.dispose]();
after(() => {
  other.kill();
  server.close();
  for (const name of ['', '-written', '-opened', '-made', '-pipe'])
    rmSync(folder + name, { recursive: true, force: true });
});

writeFiles();
/** Before the main thread sees to it that others have no rings of libuv. */
const ringed = await inside('sql');
startWithoutRings();
writeFiles();
/** Attempts that go without a sandbox, or fail for another reason than that they are not allowed. */
const control = await inside('none');
writeFiles();
const probe = await inside('files');
const reason = probe.missing.some((name) => name.startsWith('filter')) ? `no filter here: ${probe.missing}` : false;
const powers = isRoot ? probe.missing.find((name) => name.startsWith('as nobody')) : 'not root';

for (const kind of ['sql', 'files', 'events'] as const) {
  test(`a thread of the kind ${kind} cannot write, run anything or connect`, { skip: reason }, async () => {
    const { tried, found, missing } = await inside(kind);
    const refused = new Set(['EPERM', 'EACCES', 'ENOSYS']);
    const ring = missing.some((name) => name.startsWith('rings'));
    const could = Object.entries(tried).filter(
      ([name, result]) => !refused.has(result) && !(ring && name === 'use a ring'),
    );
    assert.deepEqual(could, []);
    assert.equal(found, 'done');
    if (powers === undefined) assert.deepEqual(missing, []);
    assert.equal(readFileSync(join(folder, 'file'), 'utf8'), 'of root');
    assert.equal(readFileSync(join(folder, 'log'), 'utf8'), '');
  });
}

test('a loop that has a ring keeps it, and that is told', { skip: reason }, () => {
  const isTold = ringed.missing.some((name) => name.startsWith('rings'));
  assert.equal(isTold, ringed.tried['use a ring'] !== 'EPERM');
});

test('the attempts mean something: most go where nothing holds the thread', { skip: powers ?? false }, () => {
  const expected = ['EPERM', 'EACCES'];
  const refused = Object.entries(control.tried).filter(([, result]) => expected.includes(result));
  assert.deepEqual(refused, []);
});

test('a thread that runs SQL reads what tables show', { skip: reason }, async () => {
  const { read } = await inside('sql');
  assert.deepEqual(read, control.read);
});

test('a thread that reads files reads all of them, and no other process', { skip: powers ?? reason }, async () => {
  const { read, holds } = await inside('files');
  assert.equal(read['/etc/shadow'], 'done');
  assert.equal(read['a file of root, by the host'], 'done');
  if (holds.includes('Landlock')) assert.equal(read['environ'], 'EACCES');
});

test('events are stored and read', { skip: reason }, async () => {
  const stored = await inside('events');
  assert.ok(stored.events > 0);
  const seen = await inside('sql');
  assert.equal(seen.events, stored.events);
});

test('other threads may do everything as before', { skip: reason }, async () => {
  await inside('sql');
  writeFileSync(join(folder, 'main'), 'x');
  assert.equal(spawnSync('/bin/true').status, 0);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
  // The pool of libuv, whose threads were perhaps begun by a thread that may do less.
  await new Promise((resolve) => {
    spawn('/bin/true').on('exit', resolve);
  });
});

/** What the attempts without a sandbox have changed is as it was. */
function writeFiles(): void {
  for (const name of ['file', 'gone']) writeFileSync(join(folder, name), 'of root');
  ftruncateSync(log);
}

async function inside(kind: Inside['kind']): Promise<Outcome> {
  const workerData: Inside = { kind, targets: { folder, log, pid: other.pid!, port }, events };
  const worker = new Worker(new URL('./inside.ts', import.meta.url), { workerData, trackUnmanagedFds: false });
  const [[outcome]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return outcome as Outcome;
}
