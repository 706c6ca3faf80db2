import { MAIN_PACK, type Pack } from './packs.ts';
import type { Problems } from './report.ts';
import type { ScheduledQuery } from './schedule.ts';

/** All of a configuration: a fleet's have hundreds. */
const MAX_QUERIES = 10_000;

/**
 * The packs with each query only once: results are kept under its name, and two of one name would take each other's for
 * what was there before. The later wins.
 */
export function oneOfEach(packs: readonly Pack[], problems: Problems): Pack[] {
  const keyOf = (pack: Pack, query: ScheduledQuery) => JSON.stringify([pack.name, query.name]);
  const last = new Map<string, Pack>();
  for (const pack of packs) for (const query of pack.queries) last.set(keyOf(pack, query), pack);
  let count = 0;
  const kept = packs.map((pack) => ({
    ...pack,
    queries: pack.queries.filter((query) => {
      const winner = last.get(keyOf(pack, query))!;
      if (winner === pack) return ++count <= MAX_QUERIES;
      const place = pack.name === MAIN_PACK ? 'schedule' : `packs.${pack.name}.queries`;
      problems.of(pack.source)(`${place}.${query.name}`, `replaced by that of ${winner.source}`);
      return false;
    }),
  }));
  if (count > MAX_QUERIES)
    problems.add(`more than ${MAX_QUERIES} queries: the last ${count - MAX_QUERIES} are left out`);
  return kept;
}
