import { type JsonObject, type JsonValue, valueAt } from './config-text.ts';
import { reportUnknown } from './known-keys.ts';

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
  /** Lower ones run first; infinite where none is set. */
  readonly startupPriority: number;
}

/** Something in a configuration that is wrong and is left out, and where: `packs.web.queries.ports`. */
export type Report = (place: string, reason: string) => void;

/** What a restriction in a configuration is compared with. */
export interface Machine {
  /** 0 to 100, from the name of the machine: `machineShard`. */
  readonly shard: number;
  /** Version of osquery that we are compatible with. */
  readonly version: string;
  /** Seconds between runs of a query that does not say. */
  readonly defaultInterval: number;
}

/** A week, as in osquery. */
const MAX_INTERVAL = 604800;
/** Names under which a store of osquery keeps other things. */
const RESERVED_PREFIXES = ['query.', 'cache.', 'config_views.'];
const RESERVED_SUFFIXES = ['epoch', 'counter'];

/** The queries of an object of names to queries that run on this machine, those that start first in front. */
export function parseQueries(queries: JsonObject, machine: Machine, place: string, report: Report): ScheduledQuery[] {
  const found: ScheduledQuery[] = [];
  for (const [name, value] of Object.entries(queries)) {
    const query = parseQuery(name, value, machine, (reason) => report(`${place}.${name}`, reason));
    if (query !== undefined) found.push(query);
  }
  return found.sort((a, b) => byPriority(a, b) || (a.name < b.name ? -1 : 1));
}

/** Those that start first in front. */
export function byPriority(a: ScheduledQuery, b: ScheduledQuery): number {
  return a.startupPriority === b.startupPriority ? 0 : a.startupPriority - b.startupPriority;
}

function parseQuery(
  name: string,
  value: JsonValue,
  machine: Machine,
  report: (reason: string) => void,
): ScheduledQuery | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return void report('not an object');
  const object = value as JsonObject;
  reportUnknown(object, 'query', '', (key, reason) => report(`${key}: ${reason}`));
  const prefix = RESERVED_PREFIXES.find((reserved) => name.startsWith(reserved));
  const suffix = RESERVED_SUFFIXES.find((reserved) => name.endsWith(reserved));
  if (prefix !== undefined) return void report(`a name must not begin with ${prefix}`);
  if (suffix !== undefined) return void report(`a name must not end with ${suffix}`);
  if (!runsHere(object, machine)) return undefined;
  const query = valueAt(object, 'query');
  if (typeof query !== 'string' || query.trim() === '') return void report('has no query');
  const interval =
    valueAt(object, 'interval') === undefined ? machine.defaultInterval : toCount(valueAt(object, 'interval'));
  if (!(interval > 0 && interval <= MAX_INTERVAL)) return void report(`interval is not 1 to ${MAX_INTERVAL} seconds`);
  const priority = valueAt(object, 'startup_priority');
  return {
    name,
    query,
    interval,
    snapshot: toBoolean(valueAt(object, 'snapshot'), false),
    removed: toBoolean(valueAt(object, 'removed'), true),
    denylist: toBoolean(valueAt(object, 'denylist') ?? valueAt(object, 'blacklist'), true),
    // osquery runs those with a priority at once.
    runAtStart: toBoolean(valueAt(object, 'run_at_start'), priority !== undefined),
    startupPriority: priority === undefined ? Number.POSITIVE_INFINITY : toCount(priority),
  };
}

/** Whether `platform`, `version` and `shard` of a query or a pack let it run on this machine. */
export function runsHere(object: JsonObject, machine: Machine): boolean {
  const shard = toCount(valueAt(object, 'shard'));
  if (shard > 0 && shard < machine.shard) return false;
  return (
    isPlatform(toText(valueAt(object, 'platform'))) && isVersion(toText(valueAt(object, 'version')), machine.version)
  );
}

/** A text that has the name of the platform somewhere, `linux,darwin`; distributions count as Linux, as in osquery. */
export function isPlatform(platform: string): boolean {
  return platform === '' || platform === 'null' || /any|all|linux|ubuntu|centos|posix/.test(platform);
}

/** The least version, compared number by number. */
function isVersion(least: string, version: string): boolean {
  if (least === '' || least === 'null') return true;
  const [wanted, had] = [least, version].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(wanted!.length, had!.length); i++) {
    const difference = (had![i] ?? 0) - (wanted![i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export function toText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A whole number that is not negative, also as text; 0 for anything else. */
export function toCount(value: JsonValue | undefined): number {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(Math.trunc(number)) ? Math.max(0, Math.trunc(number)) : 0;
}

/** As osquery takes them: true, 1, "true" and "t"; any other value that is there is false. */
function toBoolean(value: JsonValue | undefined, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value === 'string') return /^(t|true)$/i.test(value);
  return value === true || (typeof value === 'number' && value !== 0);
}
