import type { FileRules } from '../config/file-events.ts';
import type { RowText } from '../results/row.ts';

/** Of one category: more is a query gone wrong, and each costs a look at every event. */
const MAX_PATHS = 10_000;
/** Units of a path: `PATH_MAX` of Linux. */
const MAX_PATH = 4096;
/** Units of a query that are repeated where it fails. */
const MAX_SHOWN = 200;

/**
 * The rules of files with the patterns that the queries of `file_paths_query` find, in their column `path`. A query that
 * fails takes the others not with it.
 */
export async function withAskedPaths(
  rules: FileRules,
  ask: (sql: string) => Promise<readonly RowText[]>,
  warn: (message: string) => void,
): Promise<FileRules> {
  const paths = new Map([...rules.paths].map(([category, patterns]) => [category, [...patterns]]));
  for (const [category, queries] of rules.queries) {
    const found = new Set(paths.get(category));
    for (const sql of queries) {
      const complain = (reason: string) => warn(`file_paths_query.${category}: ${reason} (${sql.slice(0, MAX_SHOWN)})`);
      try {
        const rows = await ask(sql);
        const patterns = rows.map((row) => (JSON.parse(row) as { path?: unknown }).path);
        const usable = patterns.filter(isUsable);
        if (usable.length < rows.length)
          complain(
            `${rows.length - usable.length} rows without a path that begins with / and is no longer than ${MAX_PATH}`,
          );
        const fresh = usable.filter((path) => !found.has(path));
        const room = MAX_PATHS - found.size;
        for (const path of fresh.slice(0, room)) found.add(path);
        if (fresh.length > room) complain(`${fresh.length - room} paths beyond ${MAX_PATHS} are left out`);
      } catch (cause) {
        complain((cause as Error).message);
      }
    }
    paths.set(category, [...found]);
  }
  return { ...rules, paths };
}

function isUsable(path: unknown): path is string {
  return typeof path === 'string' && path.startsWith('/') && path.length <= MAX_PATH;
}
