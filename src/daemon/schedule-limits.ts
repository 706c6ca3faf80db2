import type { QueryLimits } from './query-outcome.ts';

/** Bounds of scheduled queries. */
export interface ScheduleLimits {
  /** `--query_timeout`: what takes longer is put aside; 0 for none. */
  readonly querySeconds: number;
  /**
   * `--schedule_query_timeout`: what takes longer fails, and runs again when it is due; 0 for none. Its default of 600 is what a
   * slow disk needs: `/usr` of 500,000 files at 1,000 seeks a second is there after 500 s.
   */
  readonly scheduleSeconds: number;
  /** Characters of all rows. */
  readonly characters?: number | undefined;
  /** Bytes. */
  readonly memory?: number | undefined;
}

/** The bounds of a query that has a timeout of its own, in seconds, or none. */
export function queryLimits(
  { querySeconds, scheduleSeconds, characters, memory }: ScheduleLimits,
  timeout = scheduleSeconds,
): QueryLimits {
  const forgiving = timeout > 0 && (querySeconds === 0 || timeout < querySeconds);
  const seconds = forgiving ? timeout : querySeconds;
  return { ...(seconds > 0 && { deadlineMs: seconds * 1000, forgiving }), characters, memory };
}
