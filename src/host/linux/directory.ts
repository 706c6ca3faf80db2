import { type Dirent, opendirSync, readdirSync, statSync } from 'node:fs';
import { decodeText } from '../../base/text.ts';
import type { DirectoryEntry, FileKind } from '../host.ts';
import { hostError } from './errors.ts';

const REPLACEMENT = '\ufffd';

/** All entries at once. Names come as text, and again as bytes only when one of them is not UTF-8. */
export function readEntries(path: string | Buffer): DirectoryEntry[] {
  const found = readdirSync(path, { withFileTypes: true });
  const entries: DirectoryEntry[] = [];
  for (const entry of found) {
    if (entry.name.includes(REPLACEMENT)) return readByteEntries(path);
    entries.push({ name: entry.name, kind: kindOf(entry) });
  }
  return entries;
}

function readByteEntries(path: string | Buffer): DirectoryEntry[] {
  return readdirSync(path, { withFileTypes: true, encoding: 'buffer' }).map((entry) => ({
    name: decodeText(entry.name),
    kind: kindOf(entry),
  }));
}

/**
 * A directory whose own size is at most this is read at once: a stream costs 18 microseconds more to open and close, which
 * would double a walk over small directories. The size bounds the entries (on ext4 each has at least 12 bytes, on
 * tmpfs 20); where it is 0 (procfs, FUSE) it says nothing.
 */
const SMALL_DIRECTORY_BYTES = 64 * 1024;

/** Entries of a stream read with one system call or two; more did not make it faster. */
const STREAM_ENTRIES = 256;

/** As `readEntries`, holding no more than a few thousand entries. `shown` is what an error says. */
export function scanEntries(path: string | Buffer, shown: string): Iterable<DirectoryEntry> {
  const size = statSync(path).size;
  return size > 0 && size <= SMALL_DIRECTORY_BYTES ? readEntries(path) : streamEntries(path, shown);
}

function* streamEntries(path: string | Buffer, shown: string): Generator<DirectoryEntry> {
  try {
    let bytesNeeded = false;
    for (const entry of stream(path, 'utf8')) {
      if ((entry.name as string).includes(REPLACEMENT)) bytesNeeded = true;
      else yield { name: entry.name as string, kind: kindOf(entry) };
    }
    if (!bytesNeeded) return;
    // The names left out above, in a second pass: an encoding belongs to the whole stream.
    for (const entry of stream(path, 'buffer')) {
      const name = entry.name as Buffer;
      if (name.utf8Slice().includes(REPLACEMENT)) yield { name: decodeText(name), kind: kindOf(entry) };
    }
  } catch (cause) {
    throw hostError(cause, shown, 'list');
  }
}

function* stream(path: string | Buffer, encoding: 'utf8' | 'buffer'): Generator<Dirent<string> | Dirent<Buffer>> {
  // The types know neither a path in bytes nor names in bytes; both work.
  const options = { bufferSize: STREAM_ENTRIES, encoding: encoding as 'utf8' };
  using directory = opendirSync(path as string, options);
  for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) yield entry;
}

function kindOf(entry: Dirent<string> | Dirent<Buffer>): FileKind {
  if (entry.isFile()) return 'regular';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isSocket()) return 'socket';
  if (entry.isFIFO()) return 'fifo';
  if (entry.isCharacterDevice()) return 'character';
  return entry.isBlockDevice() ? 'block' : 'unknown';
}
