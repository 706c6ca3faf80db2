/** Classic BPF, `include/uapi/linux/bpf_common.h`: load a word of what is filtered, jump, return. */
const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_GREATER = 0x25;
const RETURN = 0x06;
const INSTRUCTION_BYTES = 8;
/** Two offsets of an instruction that jumps have a byte each. */
const MOST_AT_ONCE = 250;

/** `struct seccomp_data`: where the number, the architecture and the arguments are. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const ARGUMENTS = 16;

/** `SECCOMP_RET_*` of `include/uapi/linux/seccomp.h`. */
const ALLOW = 0x7fff0000;
const REFUSE = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;

/** What an argument must be: of its lower 32 bits those of `mask` are among `in`, or are not among `out`. */
export interface Condition {
  readonly argument: number;
  /** Default: all of them. */
  readonly mask?: number;
  readonly in?: readonly number[];
  readonly out?: readonly number[];
  /** Whether the upper 32 bits are meant instead. */
  readonly upper?: boolean;
  /** Whether the upper 32 bits must be 0, too. */
  readonly whole?: boolean;
}

/** A call that is allowed if all conditions of one of the lists hold. */
export interface CallRule {
  readonly number: number;
  readonly allowed: readonly (readonly Condition[])[];
}

export interface FilterRules {
  /** `AUDIT_ARCH_*`. */
  readonly architecture: number;
  /**
   * The largest number of a call that is known. Those that come after it, and all of other architectures, are as if the kernel
   * did not have them; undefined lets them through.
   */
  readonly last: number | undefined;
  /** Refused whatever their arguments. */
  readonly refused: readonly number[];
  /** As if the kernel did not have them, so that libraries use other ones. */
  readonly absent: readonly number[];
  readonly bounded: readonly CallRule[];
}

/** A filter of system calls, `seccomp(2)`: what is refused gets EPERM, everything else that is known goes on. */
export function filterProgram({ architecture, last, refused, absent, bounded }: FilterRules): Buffer {
  const some = (numbers: readonly number[], error: number) =>
    chunks(numbers).flatMap((chunk) => [
      ...chunk.map((number, i) => instruction(JUMP_IF_EQUAL, number, chunk.length - i, 0)),
      instruction(JUMP, 1),
      instruction(RETURN, REFUSE | error),
    ]);
  const unknown = last === undefined ? ALLOW : REFUSE | ENOSYS;
  return encode([
    instruction(LOAD, ARCHITECTURE),
    instruction(JUMP_IF_EQUAL, architecture, 1, 0),
    instruction(RETURN, unknown),
    instruction(LOAD, NUMBER),
    instruction(JUMP_IF_GREATER, last ?? 0xffffffff, 0, 1),
    instruction(RETURN, unknown),
    ...bounded.flatMap(({ number, allowed }) => {
      const body = [...allowed.flatMap(allowedIf), instruction(RETURN, REFUSE | EPERM)];
      return [instruction(JUMP_IF_EQUAL, number, 0, body.length), ...body];
    }),
    ...some(absent, ENOSYS),
    ...some(refused, EPERM),
    instruction(RETURN, ALLOW),
  ]);
}

/** Allows the call if all conditions hold, else goes on after it. */
function allowedIf(conditions: readonly Condition[]): Instruction[] {
  const parts: Instruction[] = [instruction(RETURN, ALLOW)];
  for (const condition of conditions.toReversed()) parts.unshift(...holds(condition, parts.length));
  return parts;
}

/** Leaves `rest` instructions out if the condition does not hold. */
function holds(
  { argument, mask, in: within, out, whole = false, upper = false }: Condition,
  rest: number,
): Instruction[] {
  const low = ARGUMENTS + argument * 8;
  const parts: Instruction[] = [];
  if (within !== undefined) {
    const { length } = within;
    // The last one that is not equal leaves the rest out.
    within.forEach((value, i) => {
      parts.push(instruction(JUMP_IF_EQUAL, value, length - 1 - i, i === length - 1 ? rest : 0));
    });
  } else {
    const values = out ?? [];
    values.forEach((value, i) => {
      parts.push(instruction(JUMP_IF_EQUAL, value, values.length - 1 - i + rest, 0));
    });
  }
  if (mask !== undefined) parts.unshift(instruction(AND, mask));
  parts.unshift(instruction(LOAD, upper ? low + 4 : low));
  if (whole) parts.unshift(instruction(LOAD, low + 4), instruction(JUMP_IF_EQUAL, 0, 0, parts.length + rest));
  return parts;
}

type Instruction = readonly [code: number, value: number, yes: number, no: number];

function instruction(code: number, value: number, yes = 0, no = 0): Instruction {
  if (yes > 255 || no > 255) throw new RangeError('a jump of a filter is too far');
  return [code, value, yes, no];
}

/** `struct sock_filter`, one after the other. */
function encode(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * INSTRUCTION_BYTES);
  instructions.forEach(([code, value, yes, no], i) => {
    const at = i * INSTRUCTION_BYTES;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(yes, at + 2);
    bytes.writeUInt8(no, at + 3);
    bytes.writeUInt32LE(value >>> 0, at + 4);
  });
  return bytes;
}

function chunks(numbers: readonly number[]): number[][] {
  const found: number[][] = [];
  for (let i = 0; i < numbers.length; i += MOST_AT_ONCE) found.push(numbers.slice(i, i + MOST_AT_ONCE));
  return found;
}
