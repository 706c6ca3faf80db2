import { decodeText } from '../base/text.ts';
import type { Files } from './host.ts';

/** Enough that `/proc/net/tcp` of a busy server is read in a few hundred calls; the kernel fills as much as fits. */
const CHUNK = 64 * 1024;
/** A longer line is cut: no format that is read line by line has one. */
const MAX_LINE = 1024 * 1024;

/**
 * The lines of a file, without their ends, while the caller pulls: for what may be larger than memory should hold, as
 * the connections of a busy server are. Throws `HostError`.
 */
export function* streamLines(files: Files, path: string): Generator<string> {
  using file = files.open(path);
  let bytes = Buffer.allocUnsafe(CHUNK);
  let length = 0;
  let skipping = false;
  for (;;) {
    if (length === bytes.length) {
      if (length >= MAX_LINE) {
        if (!skipping) yield decodeText(bytes, 0, length);
        skipping = true;
        length = 0;
      } else {
        bytes = Buffer.concat([bytes], length * 2);
      }
    }
    const count = file.read(bytes.subarray(length));
    if (count === 0) break;
    const end = length + count;
    let start = 0;
    for (let at = bytes.indexOf(0x0a, length); at >= 0 && at < end; at = bytes.indexOf(0x0a, start)) {
      if (!skipping) yield decodeText(bytes, start, at);
      skipping = false;
      start = at + 1;
    }
    bytes.copyWithin(0, start, end);
    length = end - start;
  }
  if (length > 0 && !skipping) yield decodeText(bytes, 0, length);
}
