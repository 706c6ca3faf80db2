/**
 * One file with SQLite's WASM and machine code made from it, so that the two can never come from different versions.
 * Layout: magic, then three lengths (u32, little-endian), then who made the code, the WASM, the code.
 */
const MAGIC = 'sqlite3 image 1\n';
const HEADER = MAGIC.length + 12;

export function joinImage(maker: string, wasm: Uint8Array, code: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(Buffer.byteLength(maker), MAGIC.length);
  header.writeUInt32LE(wasm.length, MAGIC.length + 4);
  header.writeUInt32LE(code.length, MAGIC.length + 8);
  return Buffer.concat([header, Buffer.from(maker), wasm, code]);
}

/** The parts of an image; `code` only where `maker` made it. */
export function splitImage(image: Buffer, maker: string): { wasm: Uint8Array; code: ArrayBuffer | undefined } {
  if (image.latin1Slice(0, MAGIC.length) !== MAGIC) throw new Error('not an image of SQLite');
  const makerEnd = HEADER + image.readUInt32LE(MAGIC.length);
  const wasmEnd = makerEnd + image.readUInt32LE(MAGIC.length + 4);
  const codeEnd = wasmEnd + image.readUInt32LE(MAGIC.length + 8);
  if (codeEnd !== image.length) throw new Error('the image of SQLite is cut short');
  const mine = image.utf8Slice(HEADER, makerEnd) === maker;
  const bytes = image.buffer as ArrayBuffer;
  return {
    wasm: image.subarray(makerEnd, wasmEnd),
    code: mine ? bytes.slice(image.byteOffset + wasmEnd, image.byteOffset + codeEnd) : undefined,
  };
}
