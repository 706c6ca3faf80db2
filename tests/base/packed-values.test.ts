import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PackedValues, packedSize, packValues } from '../../src/base/packed-values.ts';

function pack(numbers: readonly number[], texts: readonly string[]): Buffer {
  const values = new Float64Array(numbers);
  // What stands around it stays.
  const bytes = Buffer.from(new ArrayBuffer(packedSize(values, texts) + 2)).fill(0x5a);
  packValues(bytes, new DataView(bytes.buffer), 1, values, texts);
  assert.deepEqual([bytes[0], bytes.at(-1)], [0x5a, 0x5a]);
  return bytes.subarray(1, -1);
}

test('numbers and texts are what they were', () => {
  for (const [numbers, texts] of [
    [[], []],
    [[1.5, -1, Number.NaN, 2 ** 53], []],
    [[], ['', 'a', '\u00ff'.repeat(300)]],
    [[7], ['x', '']],
  ] as const) {
    const values = new PackedValues(pack(numbers, texts));
    assert.deepEqual(
      Array.from({ length: values.numbers }, (_, i) => values.number(i)),
      numbers,
    );
    assert.deepEqual(
      Array.from({ length: values.texts }, (_, i) => values.text(i)),
      texts,
    );
  }
});

test('what is cut', () => {
  const bytes = pack([1, 2], ['one', 'two']);
  // Where a text ends, nobody can tell that there was one more.
  const whole = [20, 27, 34];
  for (let length = 0; length < bytes.length; length++) {
    const read = () => new PackedValues(bytes.subarray(0, length));
    if (whole.includes(length)) assert.ok(read().texts < 2);
    else assert.throws(read, { name: 'MalformedInput' });
  }
});
