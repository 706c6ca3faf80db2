import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader } from '../../src/base/byte-reader.ts';
import { MalformedInput } from '../../src/base/errors.ts';

const bytes = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);

test('numbers in both byte orders', () => {
  const reader = new ByteReader(bytes, 'test');
  assert.equal(reader.u8(), 1);
  assert.equal(reader.u16(), 0x0302);
  assert.equal(reader.u16be(), 0x0405);
  assert.equal(reader.u32be(), 0x06070809);
  assert.equal(reader.remaining, 1);
  assert.equal(reader.seek(0).u64(), 0x0807060504030201n);
});

test('a read never leaves the window', () => {
  const window = new ByteReader(bytes, 'test').skip(2).window(3);
  assert.deepEqual([...window.bytes(3)], [3, 4, 5]);
  assert.throws(() => window.u8(), new MalformedInput('test', 5, '1 bytes wanted, 0 left'));
  for (const length of [-1, Number.NaN, 4, Number.POSITIVE_INFINITY]) {
    assert.throws(() => window.seek(0).bytes(length), MalformedInput);
  }
  assert.throws(() => window.seek(4), MalformedInput);
  assert.throws(() => new ByteReader(bytes, 'test', 3, 11), MalformedInput);
});
