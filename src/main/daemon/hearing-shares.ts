import type { OptionValues } from '../../config/option-values.ts';
import { LOOK_SECONDS, watchdogLimits } from '../../daemon/watchdog/limits.ts';
import type { HearingShares } from '../../events/cpu-budget.ts';
import { cores } from '../../host/linux/child-process.ts';

/** Of the processor time that the watchdog lets the agent have, what hearing may take: beside scans, that take half, less. */
const MOST = 0.7;
const MOST_BESIDE_SCANS = 0.4;
/** What it may take with queries and all else; then what it may take however much that is. */
const ALL = 0.9;
const LEAST = 0.3;

/** What the threads that hear events may take together; undefined where no watchdog looks at it. */
export function hearingShares(options: OptionValues, scans: boolean): HearingShares | undefined {
  const { cpuMs, latency } = watchdogLimits(options, cores());
  const lookMs = LOOK_SECONDS * 1000;
  if (options.bool('disable_watchdog') || cpuMs >= lookMs * cores()) return undefined;
  const limit = cpuMs / lookMs;
  const shareOf = (part: number) => {
    const share = limit * part;
    // The watchdog acts when each of its looks in so many seconds finds too much: all of them have room for this, and half is left.
    return { share, burstMs: (1000 * latency * (limit - share)) / 2 };
  };
  return {
    most: shareOf(scans ? MOST_BESIDE_SCANS : MOST),
    // One look with too much is no harm: what a query took in it need not be made up for.
    all: { ...shareOf(ALL), debtMs: cpuMs },
    least: shareOf(LEAST),
  };
}
