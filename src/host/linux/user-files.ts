import { closeSync, mkdirSync, openSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

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
    if (count === 0) return Buffer.concat(chunks).toString();
    length += count;
    if (length > MAX_USER_FILE) throw new Error('EFBIG');
    chunks.push(chunk.subarray(0, count));
  }
}

/** A descriptor that writes the file anew. */
export function openForWriting(path: string): number {
  return openSync(path, 'w', 0o644);
}

/** The lines typed at the prompt, the latest first, in `~/.osquery/.history` (the latest last, as osquery has it). */
export function historyFile(): { load(): string[]; save(lines: readonly string[]): void } {
  return {
    load() {
      try {
        return readFileSync(historyPath(), 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .reverse();
      } catch {
        return [];
      }
    },
    save(lines) {
      const path = historyPath();
      try {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        // Beside it and then in its place: a full disk or a second shell never leaves half a file.
        const fresh = `${path}.${process.pid}`;
        rmSync(fresh, { force: true });
        // `wx` follows no link: root with the home of somebody else must not write where that one points.
        writeFileSync(fresh, `${lines.toReversed().join('\n')}\n`, { mode: 0o600, flag: 'wx' });
        renameSync(fresh, path);
      } catch {
        // A home that cannot be written to costs the history, not the shell.
      }
    },
  };
}

function historyPath(): string {
  const { homedir } = require('node:os') as typeof import('node:os');
  return join(homedir(), '.osquery', '.history');
}
