import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Bytes kept; the oldest lines go first. One statement pasted from a program may be megabytes long. */
const MAX_BYTES = 1024 * 1024;

/**
 * The lines typed at the prompt, the latest first, in `~/.osquery/.history` (the latest last, as osquery has it).
 *
 * Nothing is read or written where the home, the folder or the file is not this user's own, or a link: `sudo` leaves root
 * with the home of somebody else, who must neither lose the history to root nor choose where root writes.
 */
export function historyFile(path?: string): { load(): string[]; save(lines: readonly string[]): void } {
  return {
    load: () => quietly(() => load(path ?? historyPath())) ?? [],
    save: (lines) => quietly(() => save(path ?? historyPath(), lines)),
  };
}

/** A home that cannot be read or written to costs the history, not the shell. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function load(path: string): string[] {
  if (!isOurs(path)) return [];
  // Neither a link nor a pipe, should it have become one meanwhile.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, MAX_BYTES));
    const count = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString('utf8', 0, count).split('\n');
    // The first may be half a line.
    if (size > MAX_BYTES) lines.shift();
    return lines.filter((line) => line !== '').reverse();
  } finally {
    closeSync(fd);
  }
}

function save(path: string, lines: readonly string[]): void {
  if (statSync(dirname(dirname(path))).uid === user()) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!isOurs(path)) return;
  // Beside it and then in its place: a full disk or a second shell never leaves half a file.
  const fresh = `${path}.${process.pid}`;
  rmSync(fresh, { force: true });
  try {
    // `wx` follows no link.
    writeFileSync(fresh, text(lines), { mode: 0o600, flag: 'wx' });
    renameSync(fresh, path);
  } catch {
    rmSync(fresh, { force: true });
  }
}

/** Whether the home and the folder are this user's, and the file too, or there is none. */
function isOurs(path: string): boolean {
  const folder = lstatSync(dirname(path));
  const file = lstatSync(path, { throwIfNoEntry: false });
  const owned = (stats: Stats) => stats.uid === user();
  return (
    owned(statSync(dirname(dirname(path)))) &&
    folder.isDirectory() &&
    owned(folder) &&
    (file === undefined || (file.isFile() && owned(file)))
  );
}

function user(): number {
  return process.geteuid!();
}

/** The latest lines that `MAX_BYTES` can hold, the latest last. */
function text(lines: readonly string[]): string {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines) {
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > MAX_BYTES) break;
    kept.push(`${line}\n`);
  }
  return kept.reverse().join('');
}

function historyPath(): string {
  const { homedir } = require('node:os') as typeof import('node:os');
  return join(homedir(), '.osquery', '.history');
}
