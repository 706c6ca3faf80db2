import { MalformedInput } from './errors.ts';

/*
 * Numbers and texts as bytes: how many numbers there are, in one byte; those, each one larger than it is, 0 for none, seven bits
 * a byte, the lowest first, the eighth bit set but in the last (LEB128); then for each text its length in 32 bits, little
 * endian, and the text, of Latin-1. The same in JSON takes five times as long to write.
 */
const COUNT = 1;
/** Of a number up to 2^53. */
const MOST_OF_NUMBER = 8;
const LENGTH = 4;
const MORE = 0x80;

/** Bytes that numbers and texts take at most. */
export function mostPacked(numbers: Float64Array, texts: readonly string[]): number {
  let size = COUNT + numbers.length * MOST_OF_NUMBER;
  for (const text of texts) size += LENGTH + text.length;
  return size;
}

/** Writes numbers and texts from a place on, for which there is room; gives where they end. Numbers: `isPacked`. */
export function packValues(into: Buffer, start: number, numbers: Float64Array, texts: readonly string[]): number {
  let at = start;
  into[at++] = numbers.length;
  for (let i = 0; i < numbers.length; i++) {
    let rest = isPacked(numbers[i]!) ? numbers[i]! + 1 : 0;
    for (; rest >= MORE; rest = Math.floor(rest / MORE)) into[at++] = (rest % MORE) | MORE;
    into[at++] = rest;
  }
  for (const text of texts) {
    at = into.writeUInt32LE(text.length, at);
    at += into.latin1Write(text, at);
  }
  return at;
}

/** Whether a number is kept: whole ones from 0. Others are none, which is NaN when they are read. */
function isPacked(number: number): boolean {
  return number >= 0 && number < Number.MAX_SAFE_INTEGER && Number.isInteger(number);
}

/** Reads numbers and texts, each as it is asked for. */
export class PackedValues {
  readonly #bytes: Buffer;
  readonly #count: number;
  /** Where the texts begin, and where the last one ends. */
  readonly #places: number[];
  #numbers: Float64Array | undefined;

  /** Throws `MalformedInput` where the bytes are not what they say. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#count = bytes[0] ?? 0;
    let at = COUNT;
    let left = this.#count;
    for (; left > 0 && at < bytes.length; at++) if (bytes[at]! < MORE) left -= 1;
    if (left > 0 || bytes.length === 0) throw new MalformedInput('kept', at, 'the numbers are cut');
    this.#places = [at];
    while (at < bytes.length) {
      if (at + LENGTH > bytes.length) throw new MalformedInput('kept', at, 'the length of a text is cut');
      at += LENGTH + bytes.readUInt32LE(at);
      this.#places.push(at);
    }
    if (at > bytes.length) throw new MalformedInput('kept', bytes.length, 'a text is cut');
  }

  /** How many numbers there are. */
  get numbers(): number {
    return this.#count;
  }

  /** How many texts there are. */
  get texts(): number {
    return this.#places.length - 1;
  }

  /** NaN for none. */
  number(index: number): number {
    this.#numbers ??= this.#readNumbers();
    return this.#numbers[index]!;
  }

  text(index: number): string {
    return this.#bytes.latin1Slice(this.#places[index]! + LENGTH, this.#places[index + 1]!);
  }

  #readNumbers(): Float64Array {
    const numbers = new Float64Array(this.#count);
    let at = COUNT;
    for (let i = 0; i < this.#count; i++) {
      let value = 0;
      let unit = 1;
      for (; this.#bytes[at]! >= MORE; at++, unit *= MORE) value += (this.#bytes[at]! - MORE) * unit;
      value += this.#bytes[at++]! * unit;
      numbers[i] = value === 0 ? Number.NaN : value - 1;
    }
    return numbers;
  }
}
