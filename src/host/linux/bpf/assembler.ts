/** Registers: `r0` is what a call gives, `r1` to `r5` are its arguments and are lost by it, `fp` the end of the 512 byte stack. */
export type Register = 'r0' | 'r1' | 'r2' | 'r3' | 'r4' | 'r5' | 'r6' | 'r7' | 'r8' | 'r9' | 'fp';
/** Bytes of a value in memory. */
export type Size = 1 | 2 | 4 | 8;
export type Comparison = '==' | '!=' | '>' | '>=' | '<' | '<=' | 'signed<' | 'signed>=';

const REGISTERS: readonly Register[] = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'fp'];

/** Parts of the first byte of an instruction, `include/uapi/linux/bpf.h` and RFC 9669. */
const SIZES: Readonly<Record<Size, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };
const OPERATIONS = { add: 0x00, sub: 0x10, or: 0x40, and: 0x50, shl: 0x60, shr: 0x70, set: 0xb0 } as const;
const COMPARISONS: Readonly<Record<Comparison, number>> = {
  '==': 0x10,
  '>': 0x20,
  '>=': 0x30,
  '!=': 0x50,
  'signed>=': 0x70,
  '<': 0xa0,
  '<=': 0xb0,
  'signed<': 0xc0,
};
const LOAD = 0x61;
const STORE = 0x63;
const STORE_CONSTANT = 0x62;
const ATOMIC = 0xc3;
const ALU64 = 0x07;
const JUMP = 0x05;
const FROM_REGISTER = 0x08;
const CALL = 0x85;
const EXIT = 0x95;
const LOAD_64 = 0x18;
/** `BPF_PSEUDO_MAP_FD`: the constant is the descriptor of a map. */
const MAP = 1;

interface Instruction {
  readonly code: number;
  readonly target: number;
  readonly source: number;
  readonly offset: number;
  readonly constant: number;
  /** Where a jump goes to. */
  readonly label?: string;
}

/** Writes programs for the kernel's BPF machine, an instruction a method. */
export class Assembler {
  readonly #instructions: Instruction[] = [];
  readonly #labels = new Map<string, number>();

  set(to: Register, value: Register | number): this {
    return this.#compute('set', to, value);
  }

  add(to: Register, value: Register | number): this {
    return this.#compute('add', to, value);
  }

  sub(to: Register, value: Register | number): this {
    return this.#compute('sub', to, value);
  }

  and(to: Register, value: Register | number): this {
    return this.#compute('and', to, value);
  }

  or(to: Register, value: Register | number): this {
    return this.#compute('or', to, value);
  }

  shl(to: Register, value: Register | number): this {
    return this.#compute('shl', to, value);
  }

  shr(to: Register, value: Register | number): this {
    return this.#compute('shr', to, value);
  }

  /** The register is the map, for calls that take one. */
  map(to: Register, fd: number): this {
    this.#add(LOAD_64, to, MAP, 0, fd);
    return this.#add(0, 'r0', 0, 0, 0);
  }

  load(size: Size, to: Register, base: Register, offset: number): this {
    return this.#add(LOAD | SIZES[size], to, REGISTERS.indexOf(base), offset, 0);
  }

  store(size: Size, base: Register, offset: number, value: Register | number): this {
    if (typeof value === 'number') return this.#add(STORE_CONSTANT | SIZES[size], base, 0, offset, value);
    return this.#add(STORE | SIZES[size], base, REGISTERS.indexOf(value), offset, 0);
  }

  atomicAdd(size: 4 | 8, base: Register, offset: number, value: Register): this {
    return this.#add(ATOMIC | SIZES[size], base, REGISTERS.indexOf(value), offset, 0);
  }

  /** Goes to a label, if the comparison holds. */
  when(left: Register, comparison: Comparison, right: Register | number, label: string): this {
    const code = JUMP | COMPARISONS[comparison];
    if (typeof right === 'number') return this.#add(code, left, 0, 0, right, label);
    return this.#add(code | FROM_REGISTER, left, REGISTERS.indexOf(right), 0, 0, label);
  }

  jump(label: string): this {
    return this.#add(JUMP, 'r0', 0, 0, 0, label);
  }

  /** Calls one of the kernel's helpers by its number. */
  call(helper: number): this {
    return this.#add(CALL, 'r0', 0, 0, helper);
  }

  exit(): this {
    return this.#add(EXIT, 'r0', 0, 0, 0);
  }

  label(name: string): this {
    if (this.#labels.has(name)) throw new Error(`label ${name} is there twice`);
    this.#labels.set(name, this.#instructions.length);
    return this;
  }

  /** The program, 8 bytes an instruction. */
  code(): Buffer {
    const bytes = Buffer.alloc(this.#instructions.length * 8);
    for (const [i, { code, target, source, offset, constant, label }] of this.#instructions.entries()) {
      const to = label === undefined ? undefined : this.#labels.get(label);
      if (label !== undefined && to === undefined) throw new Error(`no label ${label}`);
      bytes.writeUInt8(code, i * 8);
      bytes.writeUInt8(target | (source << 4), i * 8 + 1);
      bytes.writeInt16LE(to === undefined ? offset : to - i - 1, i * 8 + 2);
      bytes.writeInt32LE(constant | 0, i * 8 + 4);
    }
    return bytes;
  }

  #compute(operation: keyof typeof OPERATIONS, to: Register, value: Register | number): this {
    const code = ALU64 | OPERATIONS[operation];
    if (typeof value === 'number') return this.#add(code, to, 0, 0, value);
    return this.#add(code | FROM_REGISTER, to, REGISTERS.indexOf(value), 0, 0);
  }

  #add(code: number, target: Register, source: number, offset: number, constant: number, label?: string): this {
    const instruction = { code, target: REGISTERS.indexOf(target), source, offset, constant };
    this.#instructions.push(label === undefined ? instruction : { ...instruction, label });
    return this;
  }
}
