/**
 * Milliseconds on a clock that only goes forward. Not `performance.now()`: the first use of that global loads
 * `node:perf_hooks`, 3 ms of a cold start.
 */
export function monotonicNow(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** A timer of Node counts milliseconds in 32 bits; one for longer would be over at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** What a timer may be set to for so many milliseconds: 24 days at most. */
export function timerMs(milliseconds: number): number {
  return Math.min(milliseconds, LONGEST_MS);
}
