import type { Reading } from '../events/reading.ts';
import type { Logger, Severity } from '../loggers/logger.ts';
import type { Recorder } from '../loggers/numeric-monitoring.ts';
import type { Store } from '../store/store.ts';
import type { ResultOptions } from './log-run.ts';
import type { CostsListener } from './query-account.ts';
import type { QueryThreads } from './query-threads.ts';
import type { ScheduleLimits } from './schedule-limits.ts';

export interface SchedulerOptions {
  readonly results: ResultOptions;
  readonly splayPercent: number;
  readonly packDelimiter: string;
  /** Seconds that the answer of a discovery query holds. */
  readonly packRefresh: number;
  /** Seconds. */
  readonly maxDrift: number;
  readonly epoch: bigint;
  readonly hostIdentifier: () => string;
  /** `--events_optimize`: a query sees each event once. Else all that are kept, and their differential is logged. */
  readonly optimizeEvents: boolean;
  /** `--events_enforce_denylist`: a query on events is put aside like any other. */
  readonly denyEvents: boolean;
  /** Whether decorator queries run. */
  readonly decorators: boolean;
  /** Whether to say what runs: the name of each query, or its SQL, too. */
  readonly announce: 'nothing' | 'names' | 'sql';
  readonly limits: ScheduleLimits;
}

export interface SchedulerParts {
  readonly store: Store;
  readonly logger: Logger;
  readonly threads: Pick<QueryThreads, 'run' | 'stop' | 'putOff'>;
  /** Unix seconds, with a fraction. */
  readonly now: () => number;
  readonly say: (severity: Severity, message: string) => void;
  /** Hears of each run: what the watchdog blames. */
  readonly watchdog?: CostsListener;
  readonly events?: HeardEvents;
  /** Takes what a run cost: numeric monitoring. */
  readonly record?: Recorder;
}

/** The events that are heard. */
export interface HeardEvents {
  /** Of their store; undefined where none are heard. */
  readonly identity: string | undefined;
  /** A query of a schedule, names to SQL, begins; undefined where it reads none of them. */
  reads(query: string, queries: ReadonlyMap<string, string>): Reading | undefined;
}
