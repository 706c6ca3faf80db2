import { isObject, type JsonObject, type JsonValue, valueAt } from './config-text.ts';
import { reportUnknown } from './known-keys.ts';
import { type Report, within } from './report.ts';
import { type Machine, restrictionsOf, runsHere } from './restrictions.ts';
import { countAt, flagAt } from './values.ts';

export type { Machine } from './restrictions.ts';

/** A query of the schedule or of a pack. */
export interface ScheduledQuery {
  readonly name: string;
  readonly query: string;
  /** Seconds. */
  readonly interval: number;
  /** Every run is logged whole, instead of what changed. */
  readonly snapshot: boolean;
  /** Rows that went are logged, too. */
  readonly removed: boolean;
  /** Whether it may be put aside for a day when it costs too much. */
  readonly denylist: boolean;
  /** Whether it runs as soon as it is scheduled, before its interval is over. */
  readonly runAtStart: boolean;
  /** Seconds that a run may take; 0 for ever, undefined as `--schedule_query_timeout` says. */
  readonly timeout?: number | undefined;
  /** Lower ones run first; infinite where none is set. */
  readonly startupPriority: number;
}

/** A week, as in osquery. */
const MAX_INTERVAL = 604800;
/** Names under which a store of osquery keeps other things. */
const RESERVED_PREFIXES = ['query.', 'cache.', 'config_views.'];
const RESERVED_SUFFIXES = ['epoch', 'counter'];

/** The queries of an object of names to queries that run on this machine, those that start first in front. */
export function parseQueries(queries: JsonObject, machine: Machine, report: Report): ScheduledQuery[] {
  const found: ScheduledQuery[] = [];
  for (const [name, value] of Object.entries(queries)) {
    const query = parseQuery(name, value, machine, within(report, name));
    if (query !== undefined) found.push(query);
  }
  return found.sort((a, b) => byPriority(a, b) || (a.name < b.name ? -1 : 1));
}

/** Those that start first in front. */
export function byPriority(a: ScheduledQuery, b: ScheduledQuery): number {
  return a.startupPriority === b.startupPriority ? 0 : a.startupPriority - b.startupPriority;
}

function parseQuery(name: string, value: JsonValue, machine: Machine, report: Report): ScheduledQuery | undefined {
  if (!isObject(value)) return void report('', 'not an object');
  reportUnknown(value, 'query', report);
  const wrong = wrongName(name);
  if (wrong !== undefined) return void report('', wrong);
  if (!runsHere(restrictionsOf(value, report), machine)) return undefined;
  const query = valueAt(value, 'query');
  if (typeof query !== 'string' || query.trim() === '') return void report('', 'has no query');
  const isSet = (valueAt(value, 'interval') ?? undefined) !== undefined;
  const interval = isSet ? (countAt(value, 'interval', () => {}) ?? 0) : machine.defaultInterval;
  if (!(interval > 0 && interval <= MAX_INTERVAL)) {
    return void report('', `interval is not 1 to ${MAX_INTERVAL} seconds`);
  }
  const priority = countAt(value, 'startup_priority', report);
  const timeout = countAt(value, 'timeout', report);
  const flag = (key: string, otherwise: boolean) => flagAt(value, key, otherwise, report);
  return {
    name,
    query,
    interval,
    snapshot: flag('snapshot', false),
    removed: flag('removed', true),
    denylist: flag('denylist', flag('blacklist', true)),
    // osquery runs those with a priority at once.
    runAtStart: flag('run_at_start', priority !== undefined),
    ...(timeout !== undefined && { timeout }),
    startupPriority: priority ?? Number.POSITIVE_INFINITY,
  };
}

function wrongName(name: string): string | undefined {
  if (name === '') return 'a name must not be empty';
  const prefix = RESERVED_PREFIXES.find((reserved) => name.startsWith(reserved));
  if (prefix !== undefined) return `a name must not begin with ${prefix}`;
  const suffix = RESERVED_SUFFIXES.find((reserved) => name.endsWith(reserved));
  return suffix === undefined ? undefined : `a name must not end with ${suffix}`;
}
