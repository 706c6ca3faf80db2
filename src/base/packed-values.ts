import { MalformedInput } from './errors.ts';

/*
 * Numbers and texts as bytes: how many numbers there are, in 32 bits, then those, 64 bits of floating point each; then for each
 * text its length in 32 bits, and the text, of Latin-1. Little endian. The same in JSON takes five times as long to write.
 */
const COUNT = 4;
const NUMBER = 8;
const LENGTH = 4;

/** Bytes that numbers and texts take. */
export function packedSize(numbers: Float64Array, texts: readonly string[]): number {
  let size = COUNT + numbers.length * NUMBER;
  for (const text of texts) size += LENGTH + text.length;
  return size;
}

/** Writes numbers and texts, for which there is room. `view`: of the same bytes as `into`, where it is faster. */
export function packValues(
  into: Buffer,
  view: DataView,
  start: number,
  numbers: Float64Array,
  texts: readonly string[],
): void {
  view.setUint32(start, numbers.length, true);
  let at = start + COUNT;
  for (let i = 0; i < numbers.length; i++, at += NUMBER) view.setFloat64(at, numbers[i]!, true);
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    at += LENGTH + into.latin1Write(text, at + LENGTH);
  }
}

/** Reads numbers and texts one by one, as they are asked for. */
export class PackedValues {
  readonly #bytes: Buffer;
  /** Where the texts begin, and where the last one ends. */
  readonly #places: number[];

  /** Throws `MalformedInput` where the bytes are not what they say. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const count = bytes.length < COUNT ? Number.NaN : bytes.readUInt32LE(0);
    let at = COUNT + count * NUMBER;
    if (!(at <= bytes.length)) throw new MalformedInput('kept', 0, 'the numbers are cut');
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
    return (this.#places[0]! - COUNT) / NUMBER;
  }

  /** How many texts there are. */
  get texts(): number {
    return this.#places.length - 1;
  }

  number(index: number): number {
    return this.#bytes.readDoubleLE(COUNT + index * NUMBER);
  }

  text(index: number): string {
    return this.#bytes.latin1Slice(this.#places[index]! + LENGTH, this.#places[index + 1]!);
  }
}
