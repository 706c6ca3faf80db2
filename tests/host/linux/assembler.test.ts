import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Assembler } from '../../../src/host/linux/bpf/assembler.ts';

const hex = (program: Assembler) => program.code().toString('hex').match(/.{16}/g);

// As `llvm-mc -arch=bpf -show-encoding` has them.
test('instructions', () => {
  assert.deepEqual(hex(new Assembler().set('r1', 'r6').set('r0', -1).add('r2', 8).sub('r7', 'r1')), [
    'bf61000000000000',
    'b7000000ffffffff',
    '0702000008000000',
    '1f17000000000000',
  ]);
  assert.deepEqual(hex(new Assembler().and('r1', 255).or('r1', 'r2').shl('r3', 32).shr('r3', 32)), [
    '57010000ff000000',
    '4f21000000000000',
    '6703000020000000',
    '7703000020000000',
  ]);
  assert.deepEqual(hex(new Assembler().load(8, 'r1', 'fp', -8).load(2, 'r3', 'r9', 64).load(1, 'r0', 'r1', 0)), [
    '79a1f8ff00000000',
    '6993400000000000',
    '7110000000000000',
  ]);
  assert.deepEqual(
    hex(new Assembler().store(4, 'r9', 0, 7).store(8, 'fp', -16, 'r0').atomicAdd(8, 'r0', 0, 'r1').call(14).exit()),
    ['6209000007000000', '7b0af0ff00000000', 'db10000000000000', '850000000e000000', '9500000000000000'],
  );
  assert.deepEqual(hex(new Assembler().map('r1', 5)), ['1811000005000000', '0000000000000000']);
});

test('jumps go forth and back to labels', () => {
  const program = new Assembler();
  program.label('again').when('r1', '==', 0, 'end').when('r1', '>', 'r2', 'again').jump('again').label('end').exit();
  assert.deepEqual(hex(program), ['1501020000000000', '2d21feff00000000', '0500fdff00000000', '9500000000000000']);
  assert.throws(() => new Assembler().jump('nowhere').code(), /no label nowhere/);
  assert.throws(() => new Assembler().label('here').label('here'), /there twice/);
});
