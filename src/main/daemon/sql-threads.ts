import { MessageChannel, Worker } from 'node:worker_threads';
import type { Configuration } from '../../config/configuration.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { hangMs } from '../../daemon/hang.ts';
import { QueryThreads } from '../../daemon/query-threads.ts';
import type { ScheduleLimits } from '../../daemon/schedule-limits.ts';
import { sparingly } from '../../daemon/sparingly.ts';
import type { Thread, ThreadShare } from '../../daemon/sql-thread.ts';
import { type DaemonState, serveState } from '../../daemon/state-channel.ts';
import { watchdogLimits } from '../../daemon/watchdog/limits.ts';
import type { LeftAlone } from '../../host/left-alone.ts';
import { cores } from '../../host/linux/child-process.ts';
import type { Severity } from '../../loggers/logger.ts';
import { type Store, tryToKeep } from '../../store/store.ts';
import type { QueryThreadData } from '../query-thread.ts';
import { saySandbox } from '../sandbox.ts';
import { hungPlaceHere } from './hung-place-here.ts';

/** Megabytes for new objects, as the worker itself has: `child-process.ts`. */
const YOUNG = 6;
/** Megabytes that the thread needs to run anything at all, and some more. */
const LEAST_HEAP = 64;
/** Of the memory that the watchdog allows, what one query may use: two run at a time, and a fifth is for what they share. */
const QUERY_SHARE = 0.4;
/** Of a query's memory, its rows: the lines that are made of them take as much again. */
const ROWS_SHARE = 0.5;
const MEGABYTE = 1024 * 1024;
/** In the settings: places that did not answer. */
const LEFT_ALONE = 'left_alone';

export interface SqlThreadsParts {
  readonly options: OptionValues;
  readonly store: Store;
  readonly say: (severity: Severity, message: string) => void;
  readonly configuration: () => Configuration;
  readonly state: () => DaemonState;
  /** The file of the events that are heard. */
  readonly events: () => string | undefined;
  /** Too many threads hang. */
  readonly tooMany: () => void;
}

/** The threads that run the SQL of the daemon. */
export function sqlThreads({
  options,
  store,
  say,
  configuration,
  state,
  events,
  tooMany,
}: SqlThreadsParts): QueryThreads {
  return new QueryThreads({
    start: (share) => startThread(options, configuration(), share, state, events(), say),
    warn: sparingly((text) => say('WARNING', text)),
    say,
    hangMs: () => hangMs(options),
    placeOf: async (path) => hungPlaceHere(path),
    leftAlone: JSON.parse(store.settings.get(LEFT_ALONE) ?? '[]') as LeftAlone[],
    keep: (places) => void tryToKeep(store, () => store.settings.set(LEFT_ALONE, JSON.stringify(places))),
    tooMany,
  });
}

/** The bounds of scheduled queries, by flags. */
export function scheduleLimits(options: OptionValues): ScheduleLimits {
  const memory = queryMemory(options);
  return {
    querySeconds: options.number('query_timeout'),
    scheduleSeconds: options.number('schedule_query_timeout'),
    characters: memory * ROWS_SHARE,
    memory,
  };
}

/** Bytes that one query may use. */
function queryMemory(options: OptionValues): number {
  const share = watchdogLimits(options, cores()).memory * QUERY_SHARE;
  return options.number('query_memory_limit') * MEGABYTE || share;
}

/** A thread that runs SQL, bounded by what one query may use. */
function startThread(
  options: OptionValues,
  { views, customTables }: Configuration,
  { cancel, activity }: ThreadShare,
  state: () => DaemonState,
  events: string | undefined,
  say: SqlThreadsParts['say'],
): Thread {
  const { port1, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  serveState({ port: port1, answered }, state);
  const memory = queryMemory(options);
  const workerData: QueryThreadData = {
    options: options.save(),
    cancel,
    activity: activity.shared,
    memoryLimit: memory,
    state: { port: port2, answered },
    views,
    customTables,
    events,
  };
  const worker = new Worker(new URL('../query-thread.ts', import.meta.url), {
    workerData,
    transferList: [port2],
    // Sockets of netlink and descriptors of openat2(2) are not opened by Node, which would complain of each that is closed.
    trackUnmanagedFds: false,
    resourceLimits: {
      maxOldGenerationSizeMb: Math.max(LEAST_HEAP, memory / MEGABYTE),
      maxYoungGenerationSizeMb: YOUNG,
    },
  });
  saySandbox(worker, 'the thread that runs SQL', say);
  return worker as unknown as Thread;
}
