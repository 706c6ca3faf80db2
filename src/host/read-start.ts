import { fill } from '../base/digest.ts';
import { HostError } from '../base/errors.ts';
import { decodeText } from '../base/text.ts';
import type { Files } from './host.ts';

export interface Start {
  readonly text: string;
  /** The file goes on. */
  readonly cut: boolean;
}

/** The beginning of a file, `limit` bytes at most. Throws `HostError`. */
export function readStart(files: Files, path: string, limit: number): Start {
  try {
    // Most are shorter, and read at once.
    return { text: files.readText(path, { limit }), cut: false };
  } catch (cause) {
    if (cause instanceof HostError && cause.code === 'EFBIG') return readLongStart(files, path, limit);
    throw cause;
  }
}

/** The same, of a file that is known to be long. */
export function readLongStart(files: Files, path: string, limit: number): Start {
  using file = files.open(path);
  // One byte more says whether there is more.
  const bytes = Buffer.allocUnsafe(limit + 1);
  const length = fill((into) => file.read(into), bytes);
  if (length <= limit) return { text: decodeText(bytes, 0, length), cut: false };
  return { text: decodeText(bytes, 0, characterEnd(bytes, limit)), cut: true };
}

/** Not within a character of UTF-8, which has at most three bytes behind its first. */
function characterEnd(bytes: Buffer, end: number): number {
  let at = end;
  for (let i = 0; i < 3 && (bytes[at - 1]! & 0xc0) === 0x80; i++) at -= 1;
  const lead = bytes[at - 1] ?? 0;
  const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return at - 1 + length === end || lead < 0xc0 ? end : at - 1;
}
