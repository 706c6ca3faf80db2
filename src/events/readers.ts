import type { EventCursors } from '../store/event-cursors.ts';

/** A table of events. */
export interface ReadTable {
  readonly name: string;
  readonly aliases: readonly string[];
}

/**
 * For each table the last event that all scheduled queries, names to SQL, have seen. A query that names a table holds its
 * events until it has seen them; what no query names may go.
 */
export function seenByAll(
  tables: readonly ReadTable[],
  queries: ReadonlyMap<string, string>,
  cursors: EventCursors,
  identity: string,
): Map<string, number> {
  const texts = [...queries].map(([name, sql]) => [name, code(sql)] as const);
  return new Map(
    tables.map((table) => {
      const readers = texts.filter(([, sql]) => names(sql, table)).map(([name]) => name);
      return [table.name, cursors.least(readers, table.name, identity)];
    }),
  );
}

/** Whether a statement names a table: not in a text, as those do that ask `osquery_events` for it, nor in a comment. */
export function namesTable(sql: string, table: ReadTable): boolean {
  return names(code(sql), table);
}

/** A statement, and after it those of the views, names to SQL, that it names, itself or through another. */
export function withViews(sql: string, views: ReadonlyMap<string, string>): string {
  let all = sql;
  const left = new Map(views);
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const [name, view] of left) {
      if (!namesTable(all, { name: name.toLowerCase(), aliases: [] })) continue;
      all += `\n;${view}`;
      left.delete(name);
    }
  }
  return all;
}

/** What is quoted, first what may be a name, then what is none; what has no end goes to the end, so each part is looked at once. */
const QUOTED = /"[^"]*(?:"|$)|`[^`]*(?:`|$)|\[[^\]]*(?:\]|$)|('[^']*(?:'|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))/g;

/** A statement in small letters, without texts and comments. */
function code(sql: string): string {
  return sql.toLowerCase().replace(QUOTED, (quoted, none?: string) => (none === undefined ? quoted : ' '));
}

/** `bpf_process_events` is not `process_events`. */
function names(code: string, { name, aliases }: ReadTable): boolean {
  // Asked each second for each query and table, and mostly it has not.
  return [name, ...aliases].some((word) => code.includes(word) && new RegExp(`\\b${word}\\b`).test(code));
}
