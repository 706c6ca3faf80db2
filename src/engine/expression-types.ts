import type { SqlValue } from './functions/function.ts';

/** What instructions of SQLite's machine (https://sqlite.org/opcode.html) put into a register, as osquery has it: the operand that names the register, and the type. */
const RESULTS: Readonly<Record<string, readonly [operand: 'p2' | 'p3', type: string]>> = {
  Integer: ['p2', 'INTEGER'],
  Int64: ['p2', 'BIGINT'],
  Real: ['p2', 'DOUBLE'],
  String: ['p2', 'TEXT'],
  String8: ['p2', 'TEXT'],
  Not: ['p2', 'INTEGER'],
  And: ['p3', 'INTEGER'],
  Or: ['p3', 'INTEGER'],
  Concat: ['p3', 'TEXT'],
  AggStep: ['p3', 'BIGINT'],
  AggStep0: ['p3', 'BIGINT'],
  // Numbers may be anything; osquery calls them by the widest integer.
  ...Object.fromEntries(
    ['Add', 'Subtract', 'Multiply', 'Divide', 'Remainder', 'BitAnd', 'BitOr', 'ShiftLeft', 'ShiftRight'].map((name) => [
      name,
      ['p3', 'BIGINT'] as const,
    ]),
  ),
};
/** The affinities of `Cast`; of the others the type is not known. */
const CASTS: Readonly<Record<string, string>> = { A: 'BLOB', B: 'TEXT', D: 'BIGINT', E: 'DOUBLE' };

/**
 * The types of the columns of a statement, from the rows of its EXPLAIN; undefined for those that an instruction does not say, as
 * for functions.
 */
export function expressionTypes(program: readonly (readonly SqlValue[])[]): (string | undefined)[] {
  const registers = new Map<number, string>();
  // What is the same for all rows is computed first, and stands last.
  const start = Number(program[0]?.[3] ?? 0);
  for (const [, opcode, p1, p2, p3] of [...program.slice(start), ...program.slice(0, start)]) {
    const operands = { p1: Number(p1), p2: Number(p2), p3: Number(p3) };
    const name = String(opcode);
    if (name === 'ResultRow') return Array.from({ length: operands.p2 }, (_, i) => registers.get(operands.p1 + i));
    const result = RESULTS[name];
    if (result !== undefined) registers.set(operands[result[0]], result[1]);
    else if (name === 'Cast') set(registers, operands.p1, CASTS[String.fromCharCode(operands.p2)]);
    else if (name === 'Copy' || name === 'SCopy') {
      const count = name === 'Copy' ? operands.p3 : 0;
      for (let i = 0; i <= count; i++) set(registers, operands.p2 + i, registers.get(operands.p1 + i));
    }
  }
  return [];
}

function set(registers: Map<number, string>, register: number, type: string | undefined): void {
  if (type === undefined) registers.delete(register);
  else registers.set(register, type);
}
