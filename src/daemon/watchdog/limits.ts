import type { OptionValues } from '../../config/option-values.ts';

/** What a worker may cost, as osquery bounds it. */
export interface WatchdogLimits {
  /** Bytes of private memory beyond what the worker had at first. */
  readonly memory: number;
  /** Milliseconds of CPU between two looks. */
  readonly cpuMs: number;
  /** Seconds for which the CPU may be exceeded. */
  readonly latency: number;
}

/** Seconds between two looks. */
export const LOOK_SECONDS = 3;

/** By `--watchdog_level`: megabytes, percent of all cores, seconds. A level that osquery does not have counts as off. */
const LEVELS: Readonly<Record<number, readonly [memory: number, percent: number, latency: number]>> = {
  0: [200, 10, 12],
  1: [100, 5, 6],
};
const OFF = [10_000, 100, 1000] as const;

/** The limits of the level, or what stands in their place. */
export function watchdogLimits(options: OptionValues, cores: number): WatchdogLimits {
  const [memory, percent, latency] = LEVELS[options.number('watchdog_level')] ?? OFF;
  const share = Math.min(options.number('watchdog_utilization_limit') || percent, 100) / 100;
  return {
    memory: (options.number('watchdog_memory_limit') || memory) * 1024 * 1024,
    cpuMs: Math.floor(LOOK_SECONDS * 1000 * cores * share),
    latency: options.number('watchdog_latency_limit') || latency,
  };
}
