import { nearest } from '../base/nearest.ts';
import type { SqlRunner } from './runner.ts';

/** The table or column that a misspelt name most likely means. */
export async function suggestion(message: string, runner: SqlRunner): Promise<string | undefined> {
  const table = /^no such table: (?:main\.)?(\w+)$/.exec(message)?.[1];
  if (table !== undefined) return nearest(table, await runner.tables());
  const column = /^no such column: (?:\w+\.)*(\w+)$/.exec(message)?.[1];
  if (column === undefined) return undefined;
  const names = new Set<string>();
  for (const name of await runner.namedTables()) for (const known of await runner.columnsOf(name)) names.add(known);
  return nearest(column, names);
}
