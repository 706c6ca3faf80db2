import { errnoName } from '../errors.ts';
import { errno, libc } from '../native.ts';

/**
 * A system call by its number. What the C library makes of some, `setresuid(2)` among them, is for all threads of the
 * process; the kernel's own is for the thread that calls. Throws the name of the error.
 */
export function rawCall(number: number | undefined, ...parts: readonly number[]): number {
  if (number === undefined) throw new Error('ENOSYS');
  const call = libc('long syscall(long number, long a, long b, long c, long d, long e, long f)');
  const result = Number(call(number, ...Array.from({ length: 6 }, (_, i) => parts[i] ?? 0)));
  if (result < 0) throw new Error(errnoName(errno()));
  return result;
}
