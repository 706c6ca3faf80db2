/**
 * Milliseconds on a clock that only goes forward. Not `performance.now()`: the first use of that global loads
 * `node:perf_hooks`, 3 ms of a cold start.
 */
export function monotonicNow(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
