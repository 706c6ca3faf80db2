import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import { Btf } from '../../src/parse/btf.ts';

const STRINGS = '\0int\0outer\0inner\0a\0b\0c\0name\0call\0bits\0';
const at = (name: string) => STRINGS.indexOf(`\0${name}\0`) + 1;
const info = (kind: number, members = 0, flag = 0) => ((flag << 31) | (kind << 24) | members) >>> 0;

// struct inner { int a; }; struct outer { int b; union { const struct inner c; int x; }; inner_t name; int bits:3 };
const TYPES = [
  ...[at('int'), info(1), 4, 0x20],
  ...[at('inner'), info(4, 1), 8, at('a'), 1, 32],
  ...[0, info(10), 2],
  ...[0, info(5, 2), 8, at('c'), 3, 0, at('int'), 1, 0],
  ...[at('name'), info(8), 3],
  ...[at('outer'), info(4, 4, 1), 40, at('b'), 1, 0, 0, 4, 64, at('name'), 5, 128, at('bits'), 1, (3 << 24) | 256],
  ...[at('call'), info(12), 1],
];

function build(types: readonly number[], length = types.length * 4): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f);
  header.writeUInt32LE(24, 4);
  header.writeUInt32LE(length, 12);
  header.writeUInt32LE(length, 16);
  header.writeUInt32LE(STRINGS.length, 20);
  return Buffer.concat([header, Buffer.from(Uint32Array.from(types).buffer), Buffer.from(STRINGS, 'latin1')]);
}

test('members, also of members without a name and behind qualifiers', () => {
  const btf = new Btf(build(TYPES), 'test');
  assert.equal(btf.offset('outer', 'b'), 0);
  assert.equal(btf.offset('outer', 'c'), 8);
  assert.equal(btf.offset('outer', 'c.a'), 12);
  assert.equal(btf.offset('outer', 'name.a'), 20);
  assert.equal(btf.offset('outer', 'bits'), 32);
  assert.equal(btf.offset('outer', 'd'), undefined);
  assert.equal(btf.offset('outer', 'b.a'), undefined);
  assert.equal(btf.offset('call', 'a'), undefined);
  assert.equal(btf.offset('nothing', 'a'), undefined);
});

test('what is cut or refers to itself', () => {
  assert.throws(() => new Btf(Buffer.from('no'), 'test'), MalformedInput);
  assert.throws(() => new Btf(build(TYPES).subarray(0, 60), 'test'), /longer than the file/);
  assert.throws(() => new Btf(build(TYPES.slice(0, -1)), 'test'), /a type is cut/);
  // A name of itself, a structure in itself.
  const loop = new Btf(build([at('name'), info(8), 1, at('outer'), info(4, 1), 8, at('a'), 1, 0]), 'test');
  assert.throws(() => loop.offset('outer', 'a.b'), /has no end/);
  const within = new Btf(build([at('outer'), info(4, 1), 8, 0, 1, 0]), 'test');
  assert.equal(within.offset('outer', 'a'), undefined);
  const beyond = new Btf(build([at('outer'), info(4, 1), 8, at('a'), 999, 0]), 'test');
  assert.throws(() => beyond.offset('outer', 'a.b'), /no type 999/);
});
