import type { EventCursors } from '../store/event-cursors.ts';

/** A table of events. */
export interface ReadTable {
  readonly name: string;
  readonly aliases: readonly string[];
}

/**
 * For each table the last event that all scheduled queries, names to SQL, have seen. A query that names a table, also in a
 * comment, holds its events until it has seen them; what no query names may go.
 */
export function seenByAll(
  tables: readonly ReadTable[],
  queries: ReadonlyMap<string, string>,
  cursors: EventCursors,
  identity: string,
): Map<string, number> {
  const texts = [...queries].map(([name, sql]) => [name, sql.toLowerCase()] as const);
  return new Map(
    tables.map((table) => {
      const readers = texts.filter(([, sql]) => names(sql, table)).map(([name]) => name);
      return [table.name, cursors.least(readers, table.name, identity)];
    }),
  );
}

/** Whether a statement in small letters has the name of a table in it; `bpf_process_events` is not `process_events`. */
function names(sql: string, { name, aliases }: ReadTable): boolean {
  // Asked each second for each query and table, and mostly it has not.
  return [name, ...aliases].some((word) => sql.includes(word) && new RegExp(`\\b${word}\\b`).test(sql));
}
