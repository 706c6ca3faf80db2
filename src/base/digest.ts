import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export type DigestName = 'md5' | 'sha1' | 'sha256';

/** A digest of bytes that come piece by piece. */
export interface Digest {
  update(bytes: Uint8Array): unknown;
  /** Lower-case hexadecimal; ends the digest. */
  digest(encoding: 'hex'): string;
}

/** Bytes read at once: from 128 KiB on a larger piece is no faster, and this much stays within a processor's cache. */
export const PIECE = 256 * 1024;

let loaded: typeof import('node:crypto') | undefined;
let piece: Buffer | undefined;

/** Loads `node:crypto` when the first digest is wanted: 10 ms that only a query for digests pays. */
function crypto(): typeof import('node:crypto') {
  loaded ??= require('node:crypto') as typeof import('node:crypto');
  return loaded;
}

/** For bytes that come piece by piece. */
export function createDigest(name: DigestName): Digest {
  return crypto().createHash(name);
}

/** Of bytes that are all there, in lower-case hexadecimal: half of what `createDigest` costs for a small file. */
export function digestOf(name: DigestName, bytes: Uint8Array): string {
  return crypto().hash(name, bytes, 'hex');
}

/**
 * Where to read files into that are digested: what is in it is good until anybody else has a turn. To make one for each file
 * costs more than a small file's digests.
 */
export function sharedPiece(): Buffer {
  piece ??= Buffer.allocUnsafe(PIECE);
  return piece;
}

/** Reads until the buffer is full, or there is no more; how many bytes. */
export function fill(read: (into: Buffer) => number, into: Buffer): number {
  let length = 0;
  for (let more = -1; more !== 0 && length < into.length; length += more) more = read(into.subarray(length));
  return length;
}
