/**
 * Seconds and nanoseconds as one number, whose whole part is the second: at today's times a double has steps of 0.2
 * microseconds, so the last ones of a second would round up to the next.
 */
export function secondsOf(seconds: number, nanoseconds: number): number {
  const time = seconds + nanoseconds / 1e9;
  return time < seconds + 1 ? time : seconds + LAST;
}

/** Less than a second in the steps of a double, until the year 140,000. */
const LAST = 0.999;
