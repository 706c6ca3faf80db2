import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import {
  EXEC,
  type ExecSample,
  MOST_OF_SHORT_SAMPLE,
  parseBpfSample,
  readShortSample,
  SAMPLE,
  SOCKET,
  type SocketSample,
} from '../../src/parse/bpf-sample.ts';

const CAPTURE = new URL('../captures/bpf-programs-and-sockets.txt', import.meta.url);
const samples = readFileSync(CAPTURE, 'latin1')
  .trimEnd()
  .split('\n')
  .map((line) => Buffer.from(line, 'hex'));

test('a program: its path, where it was started, arguments that are no UTF-8', () => {
  const sample = parseBpfSample(samples[6]!) as ExecSample;
  const { path, directory, arguments: argv } = sample;
  assert.deepEqual(
    [path, directory, argv],
    ['/usr/bin/echo', '/usr/share/doc', ['/bin/echo', 'hello world', 'ünï', '\udcff']],
  );
  assert.equal(sample.call, 'exec');
  assert.deepEqual([sample.uid, sample.gid, sample.exit, sample.error, sample.cgroup], [1000, 1000, 0, false, 1]);
  assert.ok(sample.duration > 10_000 && sample.parent > 1 && sample.bootTime > 10n ** 12n);
});

test('calls of sockets', () => {
  const calls = samples.map((bytes) => parseBpfSample(bytes)).filter(({ call }) => call !== 'exec') as SocketSample[];
  const own = calls.slice(4).map(({ call, descriptor, family, type, protocol, exit }) => {
    return `${call} ${descriptor} ${family} ${type} ${protocol} ${exit}`;
  });
  assert.deepEqual(own, [
    'bind 3 2 1 6 0',
    'listen 3 2 1 6 0',
    'connect 4 2 1 6 0',
    'accept 5 2 1 6 5',
    'connect 6 10 1 6 -115',
    'bind 7 1 1 0 0',
    'listen 7 1 1 0 0',
    'connect 8 1 1 0 0',
    'accept 9 1 1 0 9',
    'bind 9 1 1 0 0',
    'bind 10 16 3 0 0',
    'connect 11 2 2 17 0',
  ]);
  const [bound, , connected, accepted] = calls.slice(4);
  assert.deepEqual(
    [connected!.remotePort, accepted!.localPort, accepted!.remotePort],
    [bound!.localPort, bound!.localPort, connected!.localPort],
  );
  assert.equal(calls[9]!.local.toString('latin1', 2), '\0abs');
});

test('a path that leads through what is mounted nowhere, the root, arguments that were cut', () => {
  const make = (program: string, directory: string, given: string) => {
    const bytes = Buffer.alloc(EXEC.size);
    bytes.writeUInt32LE(EXEC.kind, SAMPLE.kind);
    bytes.writeUInt32LE(program.length, SAMPLE.program);
    bytes.writeUInt32LE(directory.length, EXEC.directory);
    bytes.writeUInt32LE(given.length, EXEC.arguments);
    return Buffer.concat([bytes, Buffer.from(program + directory + given, 'latin1')]);
  };
  const parsed = parseBpfSample(make('memfd:x\0', '', 'a\0\0b')) as ExecSample;
  assert.deepEqual([parsed.path, parsed.directory, parsed.arguments], ['/memfd:x', '/', ['a', '', 'b']]);
  assert.deepEqual((parseBpfSample(make('', '', '')) as ExecSample).arguments, []);
});

test('a sample of a socket that was shortened says the same in less', () => {
  const room = Buffer.alloc(MOST_OF_SHORT_SAMPLE, 0x5a);
  const all = ({ call, descriptor, family, type, protocol, localPort, remotePort, path, pid, exit }: SocketSample) => [
    ...[call, descriptor, family, type, protocol, localPort, remotePort, path, pid, exit],
  ];
  let [long, short] = [0, 0];
  for (const bytes of samples) {
    const sample = parseBpfSample(bytes);
    if (sample.call === 'exec') continue;
    const kept = Buffer.from(room.subarray(0, sample.shorten(room)));
    const again = readShortSample(kept);
    assert.deepEqual(all(again), all(sample));
    assert.deepEqual([again.given, again.local, again.remote], [sample.given, sample.local, sample.remote]);
    assert.deepEqual(room.subarray(0, again.shorten(room)), kept);
    for (let length = 0; length < kept.length; length++) {
      assert.throws(() => readShortSample(kept.subarray(0, length)), MalformedInput);
    }
    long += bytes.length;
    short += kept.length;
  }
  assert.ok(short < long / 2, `${short} of ${long}`);
  assert.throws(() => readShortSample(samples[6]!), /no sample of a socket/);
});

test('what is cut, or says that it is longer than it is', () => {
  for (const bytes of samples) {
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => parseBpfSample(bytes.subarray(0, length)), MalformedInput);
    }
  }
  const hostile = Buffer.from(samples[4]!);
  hostile.writeUInt32LE(0xffffffff, SAMPLE.program);
  assert.throws(() => parseBpfSample(hostile), /texts of \d+ bytes are cut/);
  const socket = Buffer.from(samples.at(-1)!);
  socket.writeUInt32LE(0xffffffff, SOCKET.givenLength);
  assert.equal((parseBpfSample(socket) as SocketSample).given.length, 128);
  hostile.writeUInt32LE(99, SAMPLE.kind);
  assert.throws(() => parseBpfSample(hostile), /kind 99/);
});
