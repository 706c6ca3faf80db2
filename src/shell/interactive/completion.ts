import { commands } from '../commands/index.ts';
import type { SqlRunner } from '../runner.ts';

const KEYWORDS =
  'AND AS ASC BETWEEN BY CASE CAST COLLATE COUNT CROSS DESC DISTINCT ELSE END EXCEPT EXISTS FROM GLOB GROUP HAVING IN INNER INTERSECT IS JOIN LEFT LIKE LIMIT MATCH NOT NULL OFFSET ON OR ORDER OUTER OVER PARTITION RECURSIVE REGEXP SELECT THEN UNION USING VALUES WHEN WHERE WITH'.split(
    ' ',
  );

/**
 * What may follow the last word of a line: dot-commands at its beginning, tables after FROM and JOIN, else columns of the
 * tables that the statement names, keywords, functions and tables. `before` is the statement's earlier lines.
 */
export async function complete(
  line: string,
  before: string,
  runner: SqlRunner,
): Promise<[candidates: string[], word: string]> {
  const command = /^\.(\w*)$/.exec(line);
  if (command && before === '') {
    const names = commands.map(({ name }) => `.${name}`);
    return [names.filter((name) => name.startsWith(line)), line];
  }
  const word = /[\w.]*$/.exec(line)![0];
  const lower = word.toLowerCase();
  const tables = await runner.tables();
  const head = `${before} ${line.slice(0, line.length - word.length)}`;
  if (/\b(from|join|into|table_x?info\(['"]?)\s*$/i.test(head) || /^\.(all|schema|tables)\s+$/.test(head.trimStart())) {
    return [tables.filter((name) => name.startsWith(lower)), word];
  }
  const known = new Set(tables);
  const named = [...new Set(`${before} ${line}`.toLowerCase().match(/\w+/g))].filter((name) => known.has(name));
  const columns = new Set<string>();
  for (const table of named) for (const column of await runner.columnsOf(table)) columns.add(column);
  const dot = word.lastIndexOf('.');
  if (dot >= 0) {
    const qualifier = word.slice(0, dot + 1);
    return [[...columns].filter((name) => name.startsWith(lower.slice(dot + 1))).map((name) => qualifier + name), word];
  }
  if (word === '') return [[...columns].sort(), word];
  const keywords = KEYWORDS.map((keyword) => (word === word.toUpperCase() ? keyword : keyword.toLowerCase()));
  const candidates = new Set([...columns, ...keywords, ...(await functionsOf(runner)), ...tables]);
  return [[...candidates].filter((name) => name.toLowerCase().startsWith(lower)).sort(), word];
}

const functions = new WeakMap<SqlRunner, readonly string[]>();

/** Names of all SQL functions, SQLite's and ours; operators have entries, too. */
async function functionsOf(runner: SqlRunner): Promise<readonly string[]> {
  const known = functions.get(runner);
  if (known !== undefined) return known;
  const names: string[] = [];
  await runner.run('SELECT DISTINCT name FROM pragma_function_list', {
    columns: () => {},
    row: ([name]) => {
      if (/^\w+$/.test(name ?? '')) names.push(name!);
    },
  });
  functions.set(runner, names);
  return names;
}
