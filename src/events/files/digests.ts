import { createDigest, digestOf, fill, PIECE, sharedPiece } from '../../base/digest.ts';
import { HostError } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';

export interface FileDigests {
  readonly md5: string;
  readonly sha1: string;
  readonly sha256: string;
}

/**
 * Digests of a file, with a pause after each piece, half a millisecond, in which others have their turn. Undefined for one
 * that cannot be read, that is no regular file, or that has more than `limit` bytes.
 */
export function* digestsOf(files: Files, path: string, limit: number): Generator<undefined, FileDigests | undefined> {
  try {
    using file = files.open(path);
    if (file.stat.kind !== 'regular' || file.stat.size > limit) return undefined;
    const read = (into: Buffer) => file.read(into);
    const piece = sharedPiece();
    let length = fill(read, piece);
    if (length < PIECE) {
      if (length > limit) return undefined;
      const bytes = piece.subarray(0, length);
      return { md5: digestOf('md5', bytes), sha1: digestOf('sha1', bytes), sha256: digestOf('sha256', bytes) };
    }
    const [md5, sha1, sha256] = [createDigest('md5'), createDigest('sha1'), createDigest('sha256')];
    for (let total = length; length > 0; total += length) {
      // It grows while it is read.
      if (total > limit) return undefined;
      const bytes = piece.subarray(0, length);
      for (const digest of [md5, sha1, sha256]) digest.update(bytes);
      yield;
      length = fill(read, piece);
    }
    return { md5: md5.digest('hex'), sha1: sha1.digest('hex'), sha256: sha256.digest('hex') };
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    return undefined;
  }
}
