import { closeSync, openSync, readSync } from 'node:fs';
import { decodeText } from '../../base/text.ts';

/** Bytes of SQL or flags in a file; /dev/zero has no end. */
const MAX_USER_FILE = 16 * 1024 * 1024;
const READ_SIZE = 64 * 1024;

/**
 * A file that the person at the shell names, as against those that tables read: it may be a pipe, as `<(…)` of a shell.
 * Throws an error whose message is the name of the errno.
 */
export function readUserFile(path: string): string {
  try {
    const fd = openSync(path, 'r');
    try {
      return readText(fd);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new Error((cause as NodeJS.ErrnoException).code ?? (cause as Error).message);
  }
}

function readText(fd: number): string {
  const chunks: Buffer[] = [];
  for (let length = 0; ; ) {
    const chunk = Buffer.allocUnsafe(READ_SIZE);
    const count = readSync(fd, chunk);
    if (count === 0) return decodeText(Buffer.concat(chunks));
    length += count;
    if (length > MAX_USER_FILE) throw new Error('EFBIG');
    chunks.push(chunk.subarray(0, count));
  }
}

/** A descriptor that writes the file anew. */
export function openForWriting(path: string): number {
  return openSync(path, 'w', 0o644);
}
