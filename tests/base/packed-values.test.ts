import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostPacked, PackedValues, packValues } from '../../src/base/packed-values.ts';

function pack(numbers: readonly number[], texts: readonly string[]): Buffer {
  const values = new Float64Array(numbers);
  const most = mostPacked(values, texts);
  const bytes = Buffer.alloc(most + 2, 0x5a);
  const end = packValues(bytes, 1, values, texts);
  assert.ok(end <= 1 + most);
  // What stands around it stays.
  assert.deepEqual([bytes[0], ...bytes.subarray(end)], Array(bytes.length - end + 1).fill(0x5a));
  return bytes.subarray(1, end);
}

const numbersOf = (values: PackedValues) => Array.from({ length: values.numbers }, (_, i) => values.number(i));
const textsOf = (values: PackedValues) => Array.from({ length: values.texts }, (_, i) => values.text(i));

test('numbers and texts are what they were', () => {
  for (const [numbers, texts] of [
    [[], []],
    [[0, 1, 126, 127, 128, 16_382, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 2], []],
    [[], ['', 'a', '\u00ff'.repeat(300)]],
    [
      [7, Number.NaN, 8],
      ['x', ''],
    ],
    [Array.from({ length: 255 }, (_, i) => i), []],
  ] as const) {
    const values = new PackedValues(pack(numbers, texts));
    assert.deepEqual([numbersOf(values), textsOf(values)], [numbers, texts]);
  }
});

test('what is no whole number from 0 is none', () => {
  const values = new PackedValues(pack([-1, 0.5, Number.POSITIVE_INFINITY, 2 ** 53 - 1, 5], []));
  assert.deepEqual(numbersOf(values), [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 5]);
});

test('what is cut', () => {
  const bytes = pack([1, 300], ['one', 'two']);
  // Where the numbers or a text end, nobody can tell that there was one more.
  const whole = [4, 11];
  for (let length = 0; length < bytes.length; length++) {
    const read = () => new PackedValues(bytes.subarray(0, length));
    if (whole.includes(length)) assert.ok(read().texts < 2);
    else assert.throws(read, { name: 'MalformedInput' });
  }
});
