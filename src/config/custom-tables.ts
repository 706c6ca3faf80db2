import { isObject, type JsonObject, valueAt } from './config-text.ts';
import { isPlatform, type Report, toText } from './schedule.ts';
import { sectionOf, textsOf } from './section.ts';

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
/** What our tables are called: a name that needs no quotes. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Those of a piece of configuration that are for this platform. */
export function* parseCustomTables(config: JsonObject, report: Report): Generator<CustomTable> {
  const section = sectionOf(config, 'auto_table_construction', report);
  for (const [name, value] of Object.entries(section ?? {})) {
    const place = `auto_table_construction.${name}`;
    const table = isObject(value) ? parse(name, value, place, report) : void report(place, 'not an object');
    if (table !== undefined) yield table;
  }
}

function parse(name: string, value: JsonObject, place: string, report: Report): CustomTable | undefined {
  if (!isPlatform(toText(valueAt(value, 'platform')))) return undefined;
  const [query, path] = [toText(valueAt(value, 'query')), toText(valueAt(value, 'path'))];
  const listed = textsOf(valueAt(value, 'columns'), `${place}.columns`, report);
  const columns = listed.filter((column) => column.toLowerCase() !== 'path');
  if (!NAME.test(name)) return void report(place, 'not a name for a table');
  if (query === '') return void report(place, 'has no query');
  if (path === '') return void report(place, 'has no path');
  if (columns.length === 0 || columns.length > MAX_COLUMNS) {
    return void report(`${place}.columns`, `not 1 to ${MAX_COLUMNS} columns`);
  }
  const odd = columns.find((column, i) => !NAME.test(column) || columns.indexOf(column) !== i);
  if (odd !== undefined) return void report(`${place}.columns`, 'has what is no name for a column, or one twice');
  return { name, query, path, columns };
}
