import { fill } from '../base/digest.ts';
import { HostError } from '../base/errors.ts';
import { decodeText } from '../base/text.ts';
import type { Files } from './host.ts';

/** The beginning of a file, `limit` bytes at most. Throws `HostError`. */
export function readStart(files: Files, path: string, limit: number): { readonly text: string; readonly cut: boolean } {
  try {
    // Most are shorter, and read at once.
    return { text: files.readText(path, { limit }), cut: false };
  } catch (cause) {
    if (!(cause instanceof HostError) || cause.code !== 'EFBIG') throw cause;
  }
  using file = files.open(path);
  const bytes = Buffer.allocUnsafe(limit);
  const length = fill((into) => file.read(into), bytes);
  return { text: decodeText(bytes, 0, characterEnd(bytes, length)), cut: true };
}

/** Not within a character of UTF-8, which has at most three bytes behind its first. */
function characterEnd(bytes: Buffer, end: number): number {
  let at = end;
  for (let i = 0; i < 3 && (bytes[at - 1]! & 0xc0) === 0x80; i++) at -= 1;
  const lead = bytes[at - 1] ?? 0;
  const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return at - 1 + length === end || lead < 0xc0 ? end : at - 1;
}
