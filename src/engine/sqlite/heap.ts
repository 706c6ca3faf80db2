import { decodeText, encodeText } from '../../base/text.ts';

const PAGE = 65536;
/** 8 MiB, what SQLite's build is linked for: it starts without growing. */
const INITIAL_PAGES = 128;
const MAXIMUM_PAGES = 32768;
const FIRST_SCRATCH = 64 * 1024;
/** Below this, writing ASCII a byte at a time beats the call into Node's `utf8Write` (about 60 ns). */
const SHORT_TEXT = 24;
/** A UTF-16 unit is at most three bytes of UTF-8. */
const MAX_BYTES_A_UNIT = 3;

export interface Allocator {
  /** 0 when there is no memory. */
  malloc(bytes: number): number;
  free(at: number): void;
}

/**
 * The linear memory SQLite runs in, and text going in and out of it. The views are made anew whenever the memory grows,
 * which any call into SQLite may do: read them from here each time, never keep one across a call.
 */
export class Heap {
  readonly memory: WebAssembly.Memory;
  u8!: Uint8Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  f64!: Float64Array;
  i64!: BigInt64Array;
  bytes!: Buffer;
  #allocator: Allocator | undefined;
  #scratch = 0;
  #scratchSize = 0;
  readonly #limit: number;

  /** `limit`: bytes at most; SQLite then answers SQLITE_NOMEM, and nothing else is harmed. */
  constructor(limit: number) {
    const maximum = Math.min(MAXIMUM_PAGES, Math.max(INITIAL_PAGES, Math.floor(limit / PAGE)));
    this.#limit = maximum * PAGE;
    this.memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum });
    this.refresh();
  }

  use(allocator: Allocator): void {
    this.#allocator = allocator;
  }

  get size(): number {
    return this.memory.buffer.byteLength;
  }

  get limit(): number {
    return this.#limit;
  }

  refresh(): void {
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.bytes = Buffer.from(buffer);
  }

  /** The WASM module asks for more; a quarter on top saves growing again soon. */
  grow(wanted: number): boolean {
    const now = this.size;
    const target = Math.min(this.#limit, Math.max(wanted, now + (now >>> 2)));
    if (wanted > this.#limit) return false;
    try {
      this.memory.grow(Math.ceil((target - now) / PAGE));
    } catch {
      return false;
    }
    this.refresh();
    return true;
  }

  /** A NUL-terminated copy of `text` from `allocate` (default SQLite's own `malloc`); 0 when there is no memory. */
  string(text: string, allocate: (bytes: number) => number = (n) => this.#allocator!.malloc(n)): number {
    if (!text.isWellFormed()) return this.#bytesString(encodeText(text), allocate);
    // Straight into the heap: a Buffer for each SQL text would be garbage outside V8's heap, which V8 is slow to see.
    const room = text.length * MAX_BYTES_A_UNIT;
    const at = allocate(room + 1);
    if (at === 0) return 0;
    const written = this.bytes.utf8Write(text, at, room);
    this.u8[at + written] = 0;
    return at;
  }

  #bytesString(encoded: Buffer, allocate: (bytes: number) => number): number {
    const at = allocate(encoded.length + 1);
    if (at === 0) return 0;
    this.u8.set(encoded, at);
    this.u8[at + encoded.length] = 0;
    return at;
  }

  /** The text up to the next NUL. */
  cString(at: number): string {
    return at === 0 ? '' : decodeText(this.bytes, at, this.u8.indexOf(0, at));
  }

  text(at: number, length: number): string {
    if (length === 0) return '';
    return decodeText(this.bytes, at, at + length);
  }

  /** A copy of bytes. */
  copy(at: number, length: number): Uint8Array {
    return this.u8.slice(at, at + length);
  }

  #written = 0;
  /** The text that the scratch has, where it is a long one; SQLite often asks for a path twice, to look at it and to return it. */
  #last: string | undefined;

  /** Bytes that the last `scratch*` call wrote. */
  get written(): number {
    return this.#written;
  }

  /** Writes text into a buffer that the next call reuses; its address. */
  scratchText(text: string): number {
    if (text === this.#last) return this.#scratch;
    const { length } = text;
    this.#last = undefined;
    if (length <= SHORT_TEXT && this.#scratch !== 0) {
      const { u8 } = this;
      const at = this.#scratch;
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        u8[at + i] = unit;
      }
      if (i === length) {
        this.#written = length;
        return at;
      }
    }
    const at = this.#reserve(length * MAX_BYTES_A_UNIT);
    if (text.isWellFormed()) {
      this.#written = this.bytes.utf8Write(text, at, length * MAX_BYTES_A_UNIT);
      this.#last = text;
    } else {
      const encoded = encodeText(text);
      this.u8.set(encoded, at);
      this.#written = encoded.length;
    }
    return at;
  }

  scratchBytes(bytes: Uint8Array): number {
    this.#last = undefined;
    const at = this.#reserve(bytes.length);
    this.u8.set(bytes, at);
    this.#written = bytes.length;
    return at;
  }

  #reserve(size: number): number {
    if (size > this.#scratchSize || this.#scratch === 0) {
      const wanted = Math.max(FIRST_SCRATCH, size);
      const at = this.#allocator!.malloc(wanted);
      if (at === 0) throw new RangeError('out of memory');
      // The old buffer is left to SQLite's allocator only here, where no address of it is in use any more.
      this.#allocator!.free(this.#scratch);
      this.#scratch = at;
      this.#scratchSize = wanted;
    }
    return this.#scratch;
  }

  /** A huge text once written does not keep its room for ever. */
  trim(): void {
    this.#last = undefined;
    if (this.#scratchSize <= FIRST_SCRATCH) return;
    this.#allocator!.free(this.#scratch);
    this.#scratch = 0;
    this.#scratchSize = 0;
  }
}
