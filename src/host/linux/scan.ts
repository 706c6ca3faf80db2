import type { ScannedEntry } from '../host.ts';
import { type DirectoryScan, IteratorScan } from '../scan.ts';
import { scanEntries } from './directory.ts';
import { hostError } from './errors.ts';
import { KernelScan } from './kernel-directory.ts';
import { libc } from './native.ts';

/** Entries after which calling the C library (10 ms to load what calls it, then 4 microseconds less an entry) pays. */
const FEW = 2000;

let scanned = 0;
let supported: boolean | undefined;

/** A directory: through `node:fs` while few entries were scanned, then straight from the kernel. */
export function scan(path: string | Buffer, shown: string, stat: boolean, follow: boolean): DirectoryScan {
  return scanned >= FEW && isSupported()
    ? new KernelScan(path, shown, stat, follow)
    : new IteratorScan(counted(path, shown));
}

function* counted(path: string | Buffer, shown: string): Generator<ScannedEntry> {
  try {
    for (const entry of scanEntries(path, shown)) {
      scanned += 1;
      yield entry;
    }
  } catch (cause) {
    throw hostError(cause, shown, 'list');
  }
}

/** musl has `statx` since 1.2.5; where koffi has no build for the machine `node:fs` goes on. */
function isSupported(): boolean {
  if (supported !== undefined) return supported;
  try {
    libc('int statx(int directory, uintptr_t name, int flags, unsigned int mask, uintptr_t into)');
    libc('intptr_t getdents64(int fd, uintptr_t into, size_t size)');
    supported = true;
  } catch {
    supported = false;
  }
  return supported;
}
