import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { HostError, UserError } from '../../../src/base/errors.ts';
import { NamedPipe } from '../../../src/host/linux/named-pipe.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'osquery-pipe-'));
  path = join(folder, 'pipe');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('made with its mode, whatever the umask; what several write is read, and no end of it', () => {
  const before = process.umask(0o077);
  using pipe = new NamedPipe(path, 0o660, process.getgid!());
  process.umask(before);
  const { mode, gid } = statSync(path);
  assert.equal((mode & 0o7777).toString(8), '660');
  assert.equal(gid, process.getgid!());
  const into = Buffer.alloc(100);
  assert.equal(pipe.read(into, 0), 0);
  for (const text of ['one', 'two']) {
    const writer = openSync(path, 'w');
    writeSync(writer, text);
    closeSync(writer);
  }
  assert.equal(pipe.read(into, 4), 6);
  assert.equal(into.toString('latin1', 4, 10), 'onetwo');
  assert.equal(pipe.read(into, 0), 0);
});

test('one that is there stays as it is, and is read by one at a time', () => {
  new NamedPipe(path, 0o660, undefined)[Symbol.dispose]();
  chmodSync(path, 0o600);
  using _reader = new NamedPipe(path, 0o660, undefined);
  assert.equal((statSync(path).mode & 0o7777).toString(8), '600');
  assert.throws(
    () => new NamedPipe(path, 0o660, undefined),
    (cause) => cause instanceof UserError && /another program reads from it/.test(cause.message),
  );
});

test('what is no pipe is not opened; a folder that is not there is not made', () => {
  writeFileSync(path, 'text');
  symlinkSync('/dev/null', join(folder, 'link'));
  for (const other of [path, join(folder, 'link'), folder]) {
    assert.throws(
      () => new NamedPipe(other, 0o660, undefined),
      (cause) => cause instanceof UserError && /is no named pipe/.test(cause.message),
    );
  }
  for (const other of [join(folder, 'none/pipe'), 'osquery-test-pipe', `${path}\0b`]) {
    assert.throws(
      () => new NamedPipe(other, 0o660, undefined),
      (cause) => cause instanceof HostError && cause.code === 'ENOENT',
    );
  }
  assert.ok(!existsSync('osquery-test-pipe'));
});

test('a link to a pipe of somebody else is not followed', () => {
  using _pipe = new NamedPipe(path, 0o600, undefined);
  symlinkSync(path, join(folder, 'led'));
  assert.throws(() => new NamedPipe(join(folder, 'led'), 0o600, undefined), /led is no named pipe/);
});
