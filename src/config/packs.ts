import { createDigest } from '../base/digest.ts';
import { isObject, type JsonObject, type JsonValue, valueAt } from './config-text.ts';
import { reportUnknown } from './known-keys.ts';
import { type Machine, parseQueries, type Report, runsHere, type ScheduledQuery, toCount, toText } from './schedule.ts';

/** Queries that run together, if their discovery queries all return rows. */
export interface Pack {
  /** `main` for the schedule itself. */
  readonly name: string;
  /** File or endpoint that it came from. */
  readonly source: string;
  readonly platform: string;
  readonly version: string;
  readonly shard: number;
  readonly discovery: readonly string[];
  /** None where platform, version or shard keep the pack from this machine. */
  readonly queries: readonly ScheduledQuery[];
}

/** The schedule of a configuration, which is a pack without a name. */
export const MAIN_PACK = 'main';

/** The name of a query in logs and tables: its own in the schedule, `pack_web_ports` in a pack. */
export function fullName(pack: Pack, query: ScheduledQuery, delimiter: string): string {
  return pack.name === MAIN_PACK ? query.name : ['pack', pack.name, query.name].join(delimiter);
}

export function parsePack(name: string, source: string, pack: JsonObject, machine: Machine, report: Report): Pack {
  const place = name === MAIN_PACK ? 'schedule' : `packs.${name}`;
  reportUnknown(pack, 'pack', place, report);
  const restrictions = {
    name,
    source,
    platform: toText(valueAt(pack, 'platform')),
    version: toText(valueAt(pack, 'version')),
    shard: toCount(valueAt(pack, 'shard')),
  };
  if (!runsHere(pack, machine)) return { ...restrictions, discovery: [], queries: [] };
  const queries = valueAt(pack, 'queries');
  if (!isObject(queries)) report(place, 'has no queries');
  return {
    ...restrictions,
    discovery: discoveryQueries(valueAt(pack, 'discovery'), (reason) => report(`${place}.discovery`, reason)),
    queries: isObject(queries)
      ? parseQueries(queries, machine, name === MAIN_PACK ? place : `${place}.queries`, report)
      : [],
  };
}

function discoveryQueries(value: JsonValue | undefined, report: (reason: string) => void): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    report('not an array');
    return [];
  }
  const texts = value.filter((item): item is string => typeof item === 'string');
  if (texts.length < value.length) report('has what is no text');
  return texts;
}

/** The percentile that a machine falls in: the same for one name at all times, so that `shard` can roll out a pack. */
export function machineShard(hostName: string): number {
  const digest = createDigest('sha1');
  digest.update(Buffer.from(hostName));
  const first = Number.parseInt(digest.digest('hex').slice(0, 2), 16);
  return Math.floor((first * 100) / 255);
}
