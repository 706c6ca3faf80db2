import { MalformedInput } from '../base/errors.ts';

/** `BTF_MAGIC`. */
const MAGIC = 0xeb9f;
/** Kinds of types, `include/uapi/linux/btf.h`. */
const KIND = { struct: 4, union: 5, typedef: 8, volatile: 9, const: 10, restrict: 11, func: 12, typeTag: 18 };
/** Words of a type beyond its three: by kind a fixed number, and for each member. */
const WORDS: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  1: [1, 0],
  3: [3, 0],
  4: [0, 3],
  5: [0, 3],
  6: [0, 2],
  13: [0, 2],
  14: [1, 0],
  15: [0, 3],
  17: [1, 0],
  19: [0, 3],
};
/** Typedefs of typedefs, and members of members: the kernel has three. */
const MAX_DEPTH = 32;

/** Types of a kernel as it was built: where members of its structures lie, numbers of its functions. `btf(7)` of its docs. */
export class Btf {
  readonly #bytes: Buffer;
  readonly #source: string;
  readonly #words: Uint32Array;
  /** Of each type where it begins, in words. */
  readonly #starts: Uint32Array;
  readonly #strings: number;
  readonly #stringsEnd: number;

  /** `bytes`: of `/sys/kernel/btf/vmlinux`. Throws `MalformedInput`. */
  constructor(bytes: Buffer, source: string) {
    this.#bytes = bytes;
    this.#source = source;
    if (bytes.length < 24 || bytes.readUInt16LE(0) !== MAGIC) throw new MalformedInput(source, 0, 'no BTF');
    const header = bytes.readUInt32LE(4);
    const types = header + bytes.readUInt32LE(8);
    const length = bytes.readUInt32LE(12);
    this.#strings = header + bytes.readUInt32LE(16);
    this.#stringsEnd = this.#strings + bytes.readUInt32LE(20);
    if (types + length > bytes.length || this.#stringsEnd > bytes.length || length % 4 !== 0) {
      throw new MalformedInput(source, 8, 'sections are longer than the file');
    }
    this.#words = new Uint32Array(length / 4);
    Buffer.from(this.#words.buffer).set(bytes.subarray(types, types + length));
    this.#starts = startsOf(this.#words, source);
  }

  /** Number of a function; undefined where the kernel has none of that name, or has it inlined. */
  func(name: string): number | undefined {
    return this.#find(name, [KIND.func]);
  }

  /** Bytes from the start of a structure to a member, `a.b` for one of a member; undefined where there is none. */
  offset(structure: string, path: string): number | undefined {
    let type = this.#find(structure, [KIND.struct, KIND.union]);
    let offset = 0;
    for (const name of path.split('.')) {
      const member = type === undefined ? undefined : this.#member(type, name, 0);
      if (member === undefined) return undefined;
      offset += member.offset;
      type = this.#bare(member.type);
    }
    return offset;
  }

  #find(name: string, kinds: readonly number[]): number | undefined {
    const at = this.#nameOffset(name);
    if (at === undefined) return undefined;
    for (let i = 1; i < this.#starts.length; i++) {
      const start = this.#starts[i]!;
      if (this.#words[start] === at && kinds.includes(this.#kind(i))) return i;
    }
    return undefined;
  }

  /** A name is kept once. */
  #nameOffset(name: string): number | undefined {
    const at = this.#bytes.indexOf(`\0${name}\0`, this.#strings, 'latin1');
    return at < 0 || at >= this.#stringsEnd ? undefined : at + 1 - this.#strings;
  }

  #kind(type: number): number {
    const start = this.#starts[type];
    if (start === undefined) throw new MalformedInput(this.#source, 0, `no type ${type}`);
    return (this.#words[start + 1]! >>> 24) & 31;
  }

  /** What a type is, beyond names and qualifiers of it. */
  #bare(type: number): number {
    let bare = type;
    for (let i = 0; i < MAX_DEPTH; i++) {
      const kind = this.#kind(bare);
      const isName = kind >= KIND.typedef && kind <= KIND.restrict;
      if (!isName && kind !== KIND.typeTag) return bare;
      bare = this.#words[this.#starts[bare]! + 2]!;
    }
    throw new MalformedInput(this.#source, 0, `type ${type} has no end`);
  }

  /** A member, also one of a member that has no name. Bit fields are none. */
  #member(type: number, name: string, depth: number): { readonly offset: number; readonly type: number } | undefined {
    const start = this.#starts[type]!;
    const info = this.#words[start + 1]!;
    // With the flag, the upper bits are the size of a bit field.
    const mask = info >>> 31 === 1 ? 0xffffff : 0xffffffff;
    const at = this.#nameOffset(name);
    for (let i = 0; i < (info & 0xffff); i++) {
      const word = start + 3 + i * 3;
      const [memberName, memberType] = [this.#words[word]!, this.#words[word + 1]!];
      const offset = ((this.#words[word + 2]! & mask) >>> 0) / 8;
      if (memberName === at) return { offset, type: memberType };
      if (memberName !== 0 || depth === MAX_DEPTH) continue;
      const bare = this.#bare(memberType);
      if (this.#kind(bare) !== KIND.struct && this.#kind(bare) !== KIND.union) continue;
      const found = this.#member(bare, name, depth + 1);
      if (found !== undefined) return { offset: offset + found.offset, type: found.type };
    }
    return undefined;
  }
}

function startsOf(words: Uint32Array, source: string): Uint32Array {
  // Three words are the least; type 0 is `void`, and not there.
  const starts = new Uint32Array(words.length / 3 + 2);
  let count = 1;
  for (let at = 0; at < words.length; count++) {
    if (at + 3 > words.length) throw new MalformedInput(source, at * 4, 'a type is cut');
    starts[count] = at;
    const info = words[at + 1]!;
    const [fixed, each] = WORDS[(info >>> 24) & 31] ?? [0, 0];
    at += 3 + fixed + each * (info & 0xffff);
    if (at > words.length) throw new MalformedInput(source, starts[count]! * 4, 'a type is cut');
  }
  return starts.subarray(0, count);
}
