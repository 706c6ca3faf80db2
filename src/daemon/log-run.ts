import type { ScheduledQuery } from '../config/schedule.ts';
import type { Logger } from '../loggers/logger.ts';
import { compare, compareEvents, type Difference } from '../results/differ.ts';
import {
  batchLine,
  eventLines,
  type LineOptions,
  type LogHead,
  snapshotEventLines,
  snapshotLine,
} from '../results/log-lines.ts';
import type { RowText } from '../results/row.ts';
import { NotLogged, type Store } from '../store/store.ts';
import type { SeenEvents } from './query-protocol.ts';

/** How results are logged, by flags. */
export interface ResultOptions extends LineOptions {
  /** `--logger_event_type`: a line for each row, not for each run. */
  readonly eventType: boolean;
  /** `--logger_snapshot_event_type`. */
  readonly snapshotEventType: boolean;
}

/** A run of a scheduled query that came to its end. */
export interface FinishedRun {
  readonly query: ScheduledQuery;
  /** Full name: `pack_web_ports`. */
  readonly name: string;
  readonly rows: Iterable<RowText>;
  readonly hostIdentifier: string;
  /** Unix seconds. */
  readonly time: number;
  readonly epoch: bigint;
  readonly decorations: LogHead['decorations'];
  /** What it has seen of the events; its rows are logged as they are then. */
  readonly seen?: SeenEvents | undefined;
}

/**
 * Logs a run and keeps what the next one is compared with. A logger that keeps its lines in the store has each of them once,
 * whatever happens; to one that writes elsewhere a crash in between gives them once more, and loses none. Where the store
 * cannot keep it, it is remembered in memory; where no logger takes the lines, nothing is kept and the next run finds the
 * same. What came of the comparison; undefined for a snapshot, and for what was not logged.
 */
export function logRun(run: FinishedRun, store: Store, logger: Logger, options: ResultOptions): Difference | undefined {
  const { query, name, rows, hostIdentifier, time, epoch, decorations, seen } = run;
  const seenCursors = seen && { sql: query.query, ...seen };
  const head = { name, hostIdentifier, unixTime: time, epoch, counter: 0n, decorations };
  // Bound to the logger.
  const queue = logger.queue && ((lines: readonly string[]) => logger.queue!(lines));
  const queued = (lines: Iterable<string>) => (queue === undefined ? [] : Array.from(lines));
  if (query.snapshot) {
    const all = Array.from(rows);
    const lines = made(() =>
      options.snapshotEventType ? snapshotEventLines(head, all, options) : [snapshotLine(head, all, options)],
    );
    if (seenCursors === undefined && queue === undefined) logger.snapshots(lines);
    else {
      const change = { query: name, seen: seenCursors, queued: queued(lines) };
      orElse(() => store.keepRun(change, { queue, lines: () => logger.snapshots(lines) }));
    }
    return undefined;
  }
  const difference = (seen === undefined ? compare : compareEvents)(store, { name, sql: query.query, epoch }, rows);
  const lines = made(() =>
    linesOf({ ...head, counter: difference.counter }, difference, query, options, seen !== undefined),
  );
  const change = { ...difference.change(time), seen: seenCursors, queued: queued(lines) };
  return orElse(() => {
    store.keepRun(change, {
      queue,
      lines: () => !isTold(difference, query, seen !== undefined) || logger.results(lines),
    });
    return difference;
  });
}

/** Lines that are made anew for each who reads them, and never all in memory. */
function made(make: () => Iterable<string>): Iterable<string> {
  return { [Symbol.iterator]: () => make()[Symbol.iterator]() };
}

/** Undefined where nobody took the lines; who did not has said so. */
function orElse<T>(keep: () => T): T | undefined {
  try {
    return keep();
  } catch (cause) {
    if (cause instanceof NotLogged) return undefined;
    throw cause;
  }
}

function linesOf(
  head: LogHead,
  difference: Difference,
  query: ScheduledQuery,
  options: ResultOptions,
  events: boolean,
): Iterable<string> {
  const changes = { added: difference.added, removed: removedOf(difference, query) };
  if (options.eventType) return eventLines(head, changes, options);
  return isTold(difference, query, events) ? [batchLine(head, changes, options)] : [];
}

/**
 * Whether a run is logged. A first run is told also where it has no rows: in a batch that is how one knows that it ran. Of
 * events it tells nothing.
 */
function isTold(difference: Difference, query: ScheduledQuery, events: boolean): boolean {
  const { added, reason } = difference;
  const first = !events && (reason === 'new' || reason === 'epoch');
  return first || added.length + removedOf(difference, query).length > 0;
}

function removedOf({ removed }: Difference, query: ScheduledQuery): readonly RowText[] {
  return query.removed ? removed : [];
}
