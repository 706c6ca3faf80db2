import { monotonicNow, timerMs } from '../base/clock.ts';

/** A clock, and what it wakes. */
export interface Timers {
  /** Milliseconds that only go forward. */
  now(): number;
  /** `holds`: the program does not end before. */
  set(callback: () => void, milliseconds: number, holds?: boolean): unknown;
  clear(timer: unknown): void;
}

export const REAL_TIMERS: Timers = {
  now: monotonicNow,
  set: (callback, milliseconds, holds = false) => {
    const timer = setTimeout(callback, timerMs(milliseconds));
    return holds ? timer : timer.unref();
  },
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
