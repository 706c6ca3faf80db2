import { isObject, type JsonObject, valueAt } from './config-text.ts';
import { reportUnknown } from './known-keys.ts';
import { type Report, within } from './report.ts';
import { isPlatform } from './restrictions.ts';
import { sectionOf, textsOf } from './section.ts';
import { textAt } from './values.ts';

/** A table whose rows come from SQLite files of the machine: `auto_table_construction`. */
export interface CustomTable {
  readonly name: string;
  /** Run on each file. */
  readonly query: string;
  /** Pattern of the files. */
  readonly path: string;
  /** Of the query, in order; the table has `path` behind them. */
  readonly columns: readonly string[];
}

const MAX_COLUMNS = 1000;

/** Whether it is a name like those of our tables, that needs no quotes. */
export function isTableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name);
}

/** Those of a piece of configuration that are for this platform. */
export function* parseCustomTables(config: JsonObject, report: Report): Generator<CustomTable> {
  const key = 'auto_table_construction';
  for (const [name, value] of Object.entries(sectionOf(config, key, report) ?? {})) {
    const inside = within(report, `${key}.${name}`);
    const table = isObject(value) ? parse(name, value, inside) : void inside('', 'not an object');
    if (table !== undefined) yield table;
  }
}

function parse(name: string, value: JsonObject, report: Report): CustomTable | undefined {
  reportUnknown(value, 'table', report);
  if (!isPlatform(textAt(value, 'platform', report))) return undefined;
  const [query, path] = [textAt(value, 'query', report), textAt(value, 'path', report)];
  if (!isTableName(name)) return void report('', 'not a name for a table');
  if (query.trim() === '') return void report('', 'has no query');
  if (path === '') return void report('', 'has no path');
  const listed = textsOf(valueAt(value, 'columns'), 'columns', report);
  // The table has one of that name for the file.
  const columns = listed.filter((column) => column.toLowerCase() !== 'path');
  if (columns.length === 0 || columns.length > MAX_COLUMNS) {
    return void report('columns', `not 1 to ${MAX_COLUMNS} columns`);
  }
  const different = new Set(columns.map((column) => column.toLowerCase()));
  if (different.size < columns.length || !columns.every(isTableName)) {
    return void report('columns', 'has what is no name for a column, or one twice');
  }
  return { name, query, path, columns };
}
