import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import { parseFanotify, RENAMED } from '../../src/parse/fanotify.ts';
import { FILE_EVENTS, parseInotify } from '../../src/parse/inotify.ts';

const [, capture] = readFileSync(new URL('../captures/fanotify-etc.txt', import.meta.url), 'latin1').split('\nR ');
const recorded = Buffer.from(capture!.trim(), 'hex');

function inotify(watch: number, mask: number, cookie: number, name: string): Buffer {
  const length = name === '' ? 0 : Math.ceil((Buffer.byteLength(name, 'latin1') + 1) / 16) * 16;
  const bytes = Buffer.alloc(16 + length);
  bytes.writeInt32LE(watch);
  bytes.writeUInt32LE(mask, 4);
  bytes.writeUInt32LE(cookie, 8);
  bytes.writeUInt32LE(length, 12);
  bytes.write(name, 16, 'latin1');
  return bytes;
}

test('inotify: names, their padding, bytes that are no UTF-8, the directory itself', () => {
  const bytes = Buffer.concat([
    inotify(1, FILE_EVENTS.created, 0, 'a'),
    inotify(2, FILE_EVENTS.movedFrom, 77, 'x\xff'),
    inotify(-1, FILE_EVENTS.overflow, 0, ''),
  ]);
  assert.deepEqual(parseInotify(bytes), [
    { watch: 1, mask: 0x100, cookie: 0, name: 'a' },
    { watch: 2, mask: 0x40, cookie: 77, name: 'x\udcff' },
    { watch: -1, mask: 0x4000, cookie: 0, name: '' },
  ]);
  assert.throws(() => parseInotify(bytes.subarray(0, -1)), MalformedInput);
  assert.throws(() => parseInotify(bytes.subarray(0, 20)), /an event is cut/);
});

test('fanotify: as the kernel wrote it', () => {
  const events = parseFanotify(recorded);
  const directory = events[0]!.at!.directory;
  assert.ok(directory.length > 16);
  const inTop = events.filter(({ at }) => at?.directory === directory);
  assert.deepEqual(
    [...new Set(inTop.map(({ at }) => at!.name))],
    ['hosts', 'shadow', 'fstab.new', 'fstab', 'gone', 'old', 'cron.d'],
  );
  const renamed = events.find(({ mask }) => mask & RENAMED)!;
  assert.deepEqual([renamed.from!.name, renamed.at!.name], ['fstab.new', 'fstab']);
  assert.equal(new Set(events.map(({ pid }) => pid)).size, 1);
  // The directory whose handle an event in it had is the one that was deleted after it.
  const inGone = events.find(({ at }) => at?.name === 'x')!;
  const sub = events.find(({ at, mask }) => at?.name === 'sub' && mask & FILE_EVENTS.deleted)!;
  assert.equal(inGone.at!.directory, sub.itself);
});

test('fanotify: cut, and lengths that lie', () => {
  const length = recorded.readUInt32LE(0);
  for (let end = 1; end < length; end++) assert.throws(() => parseFanotify(recorded.subarray(0, end)), MalformedInput);
  for (let at = 0; at < length; at++) {
    const bytes = Buffer.from(recorded.subarray(0, length));
    bytes[at] = 0xff;
    try {
      parseFanotify(bytes);
    } catch (cause) {
      assert.ok(cause instanceof MalformedInput);
    }
  }
  const other = Buffer.from(recorded);
  other[4] = 9;
  assert.throws(() => parseFanotify(other), /version 9/);
});
