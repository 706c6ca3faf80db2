import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import { withMemoryLimit } from '../../src/base/wasm-memory.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** A memory of one page, exported as `m`. */
const MEMORY = [0x05, 0x03, 0x01, 0x00, 0x01];
const EXPORT = [0x07, 0x05, 0x01, 0x01, 0x6d, 0x02, 0x00];

test('a memory grows up to the bound', () => {
  const bounded = withMemoryLimit(Uint8Array.from([...HEADER, ...MEMORY, ...EXPORT]), 200 * 65_536);
  const { m } = new WebAssembly.Instance(new WebAssembly.Module(bounded), {}).exports as { m: WebAssembly.Memory };
  assert.equal(m.buffer.byteLength, 65_536);
  assert.equal(m.grow(199), 1);
  assert.throws(() => m.grow(1), RangeError);
});

test('a bound below what the module needs at first is that', () => {
  const bounded = withMemoryLimit(Uint8Array.from([...HEADER, ...MEMORY, ...EXPORT]), 0);
  const { m } = new WebAssembly.Instance(new WebAssembly.Module(bounded), {}).exports as { m: WebAssembly.Memory };
  assert.throws(() => m.grow(1), RangeError);
});

test('a module without a memory, with a bound already, or cut is refused', () => {
  const cut = [...HEADER, 0x05, 0x80];
  for (const bytes of [HEADER, [...HEADER, ...EXPORT], [...HEADER, 0x05, 0x04, 0x01, 0x01, 0x01, 0x02], cut, []]) {
    assert.throws(() => withMemoryLimit(Uint8Array.from(bytes), 65_536), MalformedInput);
  }
});
