import { libc } from './native.ts';

/** `clock_gettime(2)`. */
const CLOCK_REALTIME = 0;
const CLOCK_BOOTTIME = 7;

/** When the machine was booted, nanoseconds since the epoch, by its clock of now. */
export function bootedAt(): bigint {
  return clock(CLOCK_REALTIME) - clock(CLOCK_BOOTTIME);
}

function clock(id: number): bigint {
  const time = Buffer.alloc(16);
  libc('int clock_gettime(int clock, void *time)')(id, time);
  return time.readBigInt64LE(0) * 1_000_000_000n + time.readBigInt64LE(8);
}
