import { libc } from './native.ts';

/** Gives back to the kernel what is free in the heap of the C library, `malloc_trim(3)`; musl needs and has none. */
export function trimHeap(): void {
  let trim: (pad: number) => number;
  try {
    trim = libc('int malloc_trim(size_t pad)');
  } catch {
    return;
  }
  trim(0);
}
