import { monotonicNow } from '../base/clock.ts';

/** A clock, and what it wakes. */
export interface Timers {
  /** Milliseconds that only go forward. */
  now(): number;
  /** `holds`: the program does not end before. */
  set(callback: () => void, milliseconds: number, holds?: boolean): unknown;
  clear(timer: unknown): void;
}

/** A longer one would be over at once: Node counts in 32 bits. */
const LONGEST_MS = 2 ** 31 - 1;

export const REAL_TIMERS: Timers = {
  now: monotonicNow,
  set: (callback, milliseconds, holds = false) => {
    const timer = setTimeout(callback, Math.min(milliseconds, LONGEST_MS));
    return holds ? timer : timer.unref();
  },
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
