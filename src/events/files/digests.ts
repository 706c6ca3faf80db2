import { createDigest } from '../../base/digest.ts';
import { HostError } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';

export interface FileDigests {
  readonly md5: string;
  readonly sha1: string;
  readonly sha256: string;
}

/** Bytes between two pauses: half a millisecond. */
const PIECE = 256 * 1024;

/**
 * Digests of a file, with a pause after each piece, in which others have their turn. Undefined for one that cannot be read,
 * that is no regular file, or that has more than `limit` bytes.
 */
export function* digestsOf(files: Files, path: string, limit: number): Generator<undefined, FileDigests | undefined> {
  const [md5, sha1, sha256] = [createDigest('md5'), createDigest('sha1'), createDigest('sha256')];
  try {
    using file = files.open(path);
    if (file.stat.kind !== 'regular' || file.stat.size > limit) return undefined;
    const piece = Buffer.allocUnsafe(PIECE);
    let total = 0;
    for (let length = file.read(piece); length > 0; length = file.read(piece)) {
      total += length;
      // It grows while it is read.
      if (total > limit) return undefined;
      const bytes = piece.subarray(0, length);
      for (const digest of [md5, sha1, sha256]) digest.update(bytes);
      yield;
    }
    return { md5: md5.digest('hex'), sha1: sha1.digest('hex'), sha256: sha256.digest('hex') };
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    return undefined;
  }
}
