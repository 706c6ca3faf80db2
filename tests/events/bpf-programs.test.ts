import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetsOf } from '../../src/events/bpf/offsets.ts';
import { execPrograms } from '../../src/events/bpf/programs.ts';
import type { Btf } from '../../src/parse/btf.ts';

/** `*(u64 *)(fp + offset) = constant`, and the same from a register. */
const STORE_CONSTANT = 0x7a;
const STORE = 0x7b;
const LOAD = 0x79;
const JUMP_IF_NOT_LESS = 0x35;
const ADD = 0x07;
const FP = 10;

test('the count of a loop comes from a register: before Linux 5.10 the verifier does not know constants on the stack', () => {
  const offsets = offsetsOf({ offset: () => 0 } as unknown as Btf);
  const code = execPrograms(offsets, { ring: 3, lost: 4, scratch: 5, begun: 6 })[0]!.program.code();
  const stored = (opcode: number) =>
    Array.from({ length: code.length / 8 }, (_, i) => i * 8)
      .filter((at) => code[at] === opcode && (code[at + 1]! & 15) === FP)
      .map((at) => code.readInt16LE(at + 2));
  // Loops jump back: what they count with is loaded, compared and stored again.
  const counted = new Set<number>();
  for (let at = 0; at + 32 <= code.length; at += 8) {
    const isCount = [LOAD, JUMP_IF_NOT_LESS, ADD, STORE].every((opcode, i) => code[at + i * 8] === opcode);
    if (isCount) counted.add(code.readInt16LE(at + 2));
  }
  assert.equal(counted.size, 1);
  for (const slot of counted) {
    assert.ok(!stored(STORE_CONSTANT).includes(slot));
    assert.ok(stored(STORE).filter((at) => at === slot).length > 1);
  }
});
