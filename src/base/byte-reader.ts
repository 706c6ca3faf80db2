import { MalformedInput } from './errors.ts';

/**
 * Reads numbers and bytes out of a buffer from outside. A read never leaves the window that the reader was made for:
 * one that would throws `MalformedInput` with the source and the offset in the whole buffer.
 */
export class ByteReader {
  readonly source: string;
  /** Offset of the next read in the whole buffer. */
  #at: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, source: string, start = 0, end = bytes.length) {
    this.source = source;
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!(start >= 0 && start <= end && end <= bytes.length))
      throw new MalformedInput(source, start, 'window outside of the input');
    this.#start = start;
    this.#end = end;
    this.#at = start;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#at - this.#start;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  fail(reason: string): never {
    throw new MalformedInput(this.source, this.#at, reason);
  }

  /** Moves to `position` in the window. */
  seek(position: number): this {
    if (!(position >= 0 && position <= this.#end - this.#start)) this.fail(`position ${position} is outside`);
    this.#at = this.#start + position;
    return this;
  }

  skip(length: number): this {
    this.#take(length);
    return this;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u16be(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  u32be(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  i32(): number {
    return this.#bytes.readInt32LE(this.#take(4));
  }

  i32be(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  u64be(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8));
  }

  i64be(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  /** The next `length` bytes, shared with the input. */
  bytes(length: number): Buffer {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A reader of the next `length` bytes alone; this one goes on after them. */
  window(length: number): ByteReader {
    const at = this.#take(length);
    return new ByteReader(this.#bytes, this.source, at, at + length);
  }

  #take(length: number): number {
    if (!(length >= 0 && length <= this.#end - this.#at)) this.fail(`${length} bytes wanted, ${this.remaining} left`);
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
