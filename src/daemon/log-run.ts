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
import type { Store } from '../store/store.ts';
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
 * Logs a run and keeps what the next one is compared with, in one transaction. A logger that keeps its lines in the store
 * has each of them once, whatever happens; to one that writes elsewhere a crash in between gives them once more, and loses
 * none. What came of the comparison; undefined for a snapshot.
 */
export function logRun(run: FinishedRun, store: Store, logger: Logger, options: ResultOptions): Difference | undefined {
  const { query, name, rows, hostIdentifier, time, epoch, decorations, seen } = run;
  const keepCursors = () => {
    if (seen !== undefined) store.cursors.set(name, query.query, seen.identity, seen.cursors);
  };
  const head = { name, hostIdentifier, unixTime: time, epoch, counter: 0n, decorations };
  if (query.snapshot) {
    const all = Array.from(rows);
    const lines = options.snapshotEventType
      ? snapshotEventLines(head, all, options)
      : [snapshotLine(head, all, options)];
    const log = () => {
      for (const line of lines) logger.snapshot(line);
      keepCursors();
    };
    // A logger that keeps its lines in the store counts what it loses where there is nothing else to be kept.
    if (seen === undefined) log();
    else store.transaction(log);
    return undefined;
  }
  const difference = (seen === undefined ? compare : compareEvents)(store, { name, sql: query.query, epoch }, rows);
  store.transaction(() => {
    const lines = linesOf({ ...head, counter: difference.counter }, difference, query, options, seen !== undefined);
    for (const line of lines) logger.result(line);
    difference.keep(time);
    keepCursors();
  });
  return difference;
}

function linesOf(
  head: LogHead,
  difference: Difference,
  query: ScheduledQuery,
  options: ResultOptions,
  events: boolean,
): Iterable<string> {
  const { added, reason } = difference;
  const removed = query.removed ? difference.removed : [];
  if (options.eventType) return eventLines(head, { added, removed }, options);
  // A first run is told also where it has no rows: in a batch that is how one knows that it ran. Of events it tells nothing.
  const first = !events && (reason === 'new' || reason === 'epoch');
  return first || added.length + removed.length > 0 ? [batchLine(head, { added, removed }, options)] : [];
}
