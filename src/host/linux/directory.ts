import { type Dirent, opendirSync, readdirSync, statSync } from 'node:fs';
import { decodeText } from '../../base/text.ts';
import type { DirectoryEntry, FileKind } from '../host.ts';

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
 * A directory whose own size is at most this is read at once: that is 7 microseconds for a small one, a stream 25.
 * The size bounds the entries (ext4 has at least 12 bytes for each, tmpfs 20); where it is 0 (procfs, FUSE) it says nothing.
 */
const SMALL_DIRECTORY_BYTES = 64 * 1024;

/** Entries of a stream read with one system call or two; more did not make it faster. */
const STREAM_ENTRIES = 256;

/** As `readEntries`, holding no more than a few thousand entries. */
export function* scanEntries(path: string | Buffer): Generator<DirectoryEntry> {
  const size = statSync(path).size;
  if (size > 0 && size <= SMALL_DIRECTORY_BYTES) yield* readEntries(path);
  else yield* streamEntries(path);
}

function* streamEntries(path: string | Buffer): Generator<DirectoryEntry> {
  let bytesNeeded = false;
  using directory = opendirSync(path as string, { bufferSize: STREAM_ENTRIES });
  for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
    if (entry.name.includes(REPLACEMENT)) bytesNeeded = true;
    else yield { name: entry.name, kind: kindOf(entry) };
  }
  if (!bytesNeeded) return;
  // The names left out above, in a second pass: an encoding belongs to the whole stream.
  using again = opendirSync(path as string, { bufferSize: STREAM_ENTRIES, encoding: 'buffer' as BufferEncoding });
  for (let entry = again.readSync(); entry !== null; entry = again.readSync()) {
    const bytes = entry.name as unknown as Buffer;
    if (bytes.utf8Slice().includes(REPLACEMENT)) yield { name: decodeText(bytes), kind: kindOf(entry) };
  }
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
