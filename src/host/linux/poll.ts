import { addressOf, libc } from './native.ts';

/** `poll(2)`. */
const POLLIN = 1;
const ENTRY = 8;
const RETURNED = 6;

/** Waits until one of the descriptors has something to read, or so many milliseconds are over; which of them have. */
export function poll(descriptors: readonly number[], milliseconds: number): ReadonlySet<number> {
  const entries = Buffer.alloc(descriptors.length * ENTRY);
  for (const [i, fd] of descriptors.entries()) {
    entries.writeInt32LE(fd, i * ENTRY);
    entries.writeInt16LE(POLLIN, i * ENTRY + 4);
  }
  libc('int poll(uintptr_t entries, unsigned long count, int timeout)')(
    descriptors.length === 0 ? 0 : addressOf(entries),
    descriptors.length,
    milliseconds,
  );
  // An error, as that something was lost, is for whoever reads it.
  return new Set(descriptors.filter((_, i) => entries.readInt16LE(i * ENTRY + RETURNED) !== 0));
}
