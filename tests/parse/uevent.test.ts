import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import { parseUevent } from '../../src/parse/uevent.ts';

/** The same events as the kernel told them, and as udev did, which ran there: a disk that got a file and lost it, and others. */
const [kernel, daemon] = ['kernel', 'daemon'].map((name) =>
  readFileSync(new URL(`../captures/udev-${name}.txt`, import.meta.url), 'latin1')
    .trimEnd()
    .split('\n')
    .map((line) => Buffer.from(line, 'hex')),
) as [Buffer[], Buffer[]];

const sequence = (bytes: Buffer) => parseUevent(bytes, 'test').properties.get('SEQNUM');
const malformed = (bytes: Buffer, reason: RegExp) =>
  assert.throws(
    () => parseUevent(bytes, 'test'),
    (cause) => cause instanceof MalformedInput && reason.test(cause.message),
  );

test('of the kernel', () => {
  const { properties, ...event } = parseUevent(kernel[1]!, 'test');
  assert.deepEqual(event, { action: 'change', devpath: '/devices/virtual/block/loop0', subsystem: 'block' });
  assert.deepEqual(Object.fromEntries(properties), {
    ACTION: 'change',
    DEVPATH: '/devices/virtual/block/loop0',
    SUBSYSTEM: 'block',
    MAJOR: '7',
    MINOR: '0',
    DEVNAME: 'loop0',
    DEVTYPE: 'disk',
    DISKSEQ: '25',
    SEQNUM: '2245',
  });
});

test('of udev, with what its rules found', () => {
  const { action, devpath, subsystem, properties } = parseUevent(daemon[1]!, 'test');
  assert.deepEqual([action, devpath, subsystem], ['change', '/devices/virtual/block/loop0', 'block']);
  assert.equal(properties.get('DEVNAME'), '/dev/loop0');
  assert.equal(properties.get('ID_PART_TABLE_TYPE'), 'dos');
  assert.deepEqual(daemon.map(sequence), kernel.map(sequence));
});

test('cut anywhere, of either form, it is malformed or lacks its last properties', () => {
  for (const whole of [kernel[1]!, daemon[1]!]) {
    const all = [...parseUevent(whole, 'test').properties];
    for (let length = 0; length < whole.length; length++) {
      try {
        const { properties } = parseUevent(whole.subarray(0, length), 'test');
        assert.deepEqual([...properties], all.slice(0, properties.size));
        // A header says how long all is.
        assert.notEqual(whole, daemon[1]);
      } catch (cause) {
        assert.ok(cause instanceof MalformedInput, String(cause));
      }
    }
  }
});

test('what is none', () => {
  const header = (magic: number, start: number, length: number) => {
    const bytes = Buffer.alloc(64);
    bytes.write('libudev\0');
    bytes.writeUInt32BE(magic, 8);
    bytes.writeUInt32LE(start, 16);
    bytes.writeUInt32LE(length, 20);
    return bytes;
  };
  malformed(Buffer.alloc(0), /neither/);
  malformed(Buffer.from('@/devices\0'), /neither/);
  malformed(Buffer.from('no at sign\0ACTION=add\0'), /neither/);
  malformed(Buffer.from('add@/a\0ACTION=add\0'), /without/);
  malformed(Buffer.from('add@/a\0ACTION=add\0SUBSYSTEM=x\0DEVPATH=../../etc\0'), /without/);
  malformed(Buffer.from('add@/a\0ACTION\0'), /not a property/);
  malformed(Buffer.from('add@/a\0=add\0'), /not a property/);
  malformed(Buffer.from('add@/a\0ACTION=add'), /cut/);
  malformed(Buffer.from(`add@/a\0${Array.from({ length: 2000 }, (_, i) => `A${i}=1\0`).join('')}`), /too many/);
  malformed(header(0xcafefeed, 40, 8), /do not know/);
  malformed(header(0xfeedcafe, 40, 25), /beyond/);
  malformed(header(0xfeedcafe, 0xffffffff, 0xffffffff), /beyond/);
  malformed(header(0xfeedcafe, 0, 8), /beyond/);
  malformed(Buffer.from('libudev\0short'), /do not know/);
});
