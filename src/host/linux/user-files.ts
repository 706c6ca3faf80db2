import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { decodeText } from '../../base/text.ts';
import { distrusted, isRoot } from './trusted-path.ts';

const { O_NONBLOCK, O_RDONLY } = constants;

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

/** How long a daemon waits for who writes to a pipe that is its flagfile. */
const PATIENCE_MS = 5000;
const LOOK_MS = 20;

/**
 * A flagfile of a daemon, which waits for nobody: a pipe must have something to say. `warn` hears where somebody else may
 * have written it, while we are root. Throws an error whose message is the reason.
 */
export function readFlagfile(path: string, warn: (message: string) => void): string {
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK);
  } catch (cause) {
    throw new Error((cause as NodeJS.ErrnoException).code ?? (cause as Error).message);
  }
  try {
    const text = readText(fd, PATIENCE_MS);
    if (text === '' && fstatSync(fd).isFIFO()) throw new Error('a pipe that nobody writes to');
    const reason = isRoot() && !fstatSync(fd).isFIFO() ? distrusted(path) : undefined;
    if (reason !== undefined) warn(`flagfile ${path}: ${reason}: who may write there decides what the agent does`);
    return text;
  } catch (cause) {
    throw new Error((cause as NodeJS.ErrnoException).code ?? (cause as Error).message);
  } finally {
    closeSync(fd);
  }
}

function readText(fd: number, patience = Number.POSITIVE_INFINITY): string {
  let waited = 0;
  const chunks: Buffer[] = [];
  for (let length = 0; ; ) {
    const chunk = Buffer.allocUnsafe(READ_SIZE);
    const count = readIfThere(fd, chunk);
    if (count === undefined) {
      if (waited >= patience) throw new Error('a pipe that nobody writes to');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
      waited += LOOK_MS;
      continue;
    }
    if (count === 0) return decodeText(Buffer.concat(chunks));
    length += count;
    if (length > MAX_USER_FILE) throw new Error('EFBIG');
    chunks.push(chunk.subarray(0, count));
  }
}

/** Undefined where there is nothing yet. */
function readIfThere(fd: number, into: Buffer): number | undefined {
  try {
    return readSync(fd, into);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw cause;
  }
}

/** A descriptor that writes the file anew. */
export function openForWriting(path: string): number {
  return openSync(path, 'w', 0o644);
}
