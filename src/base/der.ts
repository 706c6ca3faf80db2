import type { ByteReader } from './byte-reader.ts';

/** Tags of ASN.1, X.690: universal ones, and those that depend on where they stand. */
export const DER = { integer: 0x02, octets: 0x04, oid: 0x06, sequence: 0x30, context0: 0xa0 } as const;

/** A value of DER and the reader of its bytes; undefined behind the last. Throws `MalformedInput`. */
export function derValue(reader: ByteReader): { readonly tag: number; readonly value: ByteReader } | undefined {
  if (reader.remaining === 0) return undefined;
  const tag = reader.u8();
  let length = reader.u8();
  if (length >= 0x80) {
    // The number of bytes that the length has; a longer one is longer than any input.
    const bytes = length & 0x7f;
    if (bytes === 0 || bytes > 4) reader.fail('no length');
    length = 0;
    for (let i = 0; i < bytes; i++) length = length * 256 + reader.u8();
  }
  return { tag, value: reader.window(length) };
}

/** The next value, which must have this tag. */
export function derExpect(reader: ByteReader, tag: number): ByteReader {
  const found = derValue(reader);
  if (found?.tag !== tag) reader.fail(`no value with tag ${tag}`);
  return found!.value;
}

/** All bytes of a value. */
export function derBytes(value: ByteReader): Buffer {
  return value.bytes(value.remaining);
}
