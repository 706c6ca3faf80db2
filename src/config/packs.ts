import { createDigest } from '../base/digest.ts';
import { isObject, type JsonObject, valueAt } from './config-text.ts';
import { hasSections, reportUnknown } from './known-keys.ts';
import { type Report, within } from './report.ts';
import { type Machine, restrictionsOf, runsHere } from './restrictions.ts';
import { parseQueries, type ScheduledQuery } from './schedule.ts';
import { sectionOf, textsOf } from './section.ts';

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

/** The `schedule` of a piece; undefined if it has none. */
export function parseSchedule(source: string, config: JsonObject, machine: Machine, report: Report): Pack | undefined {
  const queries = sectionOf(config, 'schedule', report);
  if (queries === undefined) return undefined;
  const open = { name: MAIN_PACK, source, platform: '', version: '', shard: 0, discovery: [] };
  return { ...open, queries: parseQueries(queries, machine, within(report, 'schedule')) };
}

/** A pack, and whether it is for this machine. */
export function parsePack(
  name: string,
  source: string,
  pack: JsonObject,
  machine: Machine,
  report: Report,
): { readonly pack: Pack; readonly here: boolean } {
  reportUnknown(pack, 'pack', report);
  const restrictions = restrictionsOf(pack, report);
  const about = { name, source, ...restrictions };
  if (!runsHere(restrictions, machine)) return { pack: { ...about, discovery: [], queries: [] }, here: false };
  // A pack may also be there for the other things it brings.
  if (!isObject(valueAt(pack, 'queries')) && !hasSections(pack)) report('', 'has no queries');
  const queries = sectionOf(pack, 'queries', report);
  return {
    pack: {
      ...about,
      discovery: textsOf(valueAt(pack, 'discovery'), 'discovery', report),
      queries: queries === undefined ? [] : parseQueries(queries, machine, within(report, 'queries')),
    },
    here: true,
  };
}

/** The percentile that a machine falls in: the same for one name at all times, so that `shard` can roll out a pack. */
export function machineShard(hostName: string): number {
  const digest = createDigest('sha1');
  digest.update(Buffer.from(hostName));
  const first = Number.parseInt(digest.digest('hex').slice(0, 2), 16);
  return Math.floor((first * 100) / 255);
}
