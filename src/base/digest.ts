import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export type DigestName = 'md5' | 'sha1' | 'sha256';

/** A digest of bytes that come piece by piece. */
export interface Digest {
  update(bytes: Uint8Array): unknown;
  /** Lower-case hexadecimal; ends the digest. */
  digest(encoding: 'hex'): string;
}

/** Loads `node:crypto` when the first digest is wanted: 10 ms that only a query for digests pays. */
export function createDigest(name: DigestName): Digest {
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  return createHash(name);
}
