import { commands } from '../commands/index.ts';
import type { SqlRunner } from '../runner.ts';

const KEYWORDS =
  'ALL AND AS ASC BETWEEN BY CASE CAST COLLATE CREATE CROSS DESC DISTINCT DROP ELSE END ESCAPE EXCEPT EXISTS EXPLAIN FILTER FROM FULL GLOB GROUP HAVING IN INNER INTERSECT IS JOIN LEFT LIKE LIMIT MATCH NATURAL NOT NULL NULLS OFFSET ON OR ORDER OUTER OVER PARTITION PLAN QUERY RECURSIVE REGEXP RIGHT SELECT TEMP THEN UNION USING VALUES VIEW WHEN WHERE WINDOW WITH'.split(
    ' ',
  );

type Completion = [candidates: string[], word: string];

/**
 * What may follow the last word of a line: dot-commands at its beginning and what they take, tables after FROM and JOIN,
 * else columns of the tables that the statement names, keywords, functions and tables. `before` is the statement's earlier
 * lines.
 */
export async function complete(line: string, before: string, runner: SqlRunner): Promise<Completion> {
  if (before === '' && line.startsWith('.')) {
    const completion = ofCommand(line);
    if (completion !== undefined) return completion;
  }
  const word = /[\w.]*$/.exec(line)![0];
  const begun = word.toLowerCase();
  const tables = await runner.tables();
  const head = `${before} ${line.slice(0, line.length - word.length)}`;
  if (/\b(from|join|into|table_x?info\(['"]?)\s*$/i.test(head) || /^\.(all|schema|tables)\s+$/.test(head.trimStart())) {
    return [tables.filter((name) => name.startsWith(begun)), word];
  }
  const known = new Set(tables);
  const statement = `${before} ${line}`.toLowerCase();
  const dot = begun.lastIndexOf('.');
  if (dot >= 0) {
    const qualifier = begun.slice(0, dot);
    const columns = await columnsOf(tablesBehind(qualifier, statement, known), runner);
    const matching = columns.filter((name) => name.startsWith(begun.slice(dot + 1)));
    return [matching.map((name) => `${word.slice(0, dot + 1)}${name}`), word];
  }
  const columns = await columnsOf(tablesOf(statement, known), runner);
  if (word === '') return [columns, word];
  const keywords = KEYWORDS.map((keyword) => (word === word.toUpperCase() ? keyword : keyword.toLowerCase()));
  const candidates = new Set([...columns, ...keywords, ...(await functionsOf(runner)), ...tables]);
  return [[...candidates].filter((name) => name.toLowerCase().startsWith(begun)).sort(), word];
}

/** The name of a dot-command, or its argument where that is one of a few words. */
function ofCommand(line: string): Completion | undefined {
  if (/^\.\w*$/.test(line)) {
    return [commands.map(({ name }) => `.${name}`).filter((name) => name.startsWith(line)), line];
  }
  const [, name = '', argument = ''] = /^\.(\w+)\s+(\w*)$/.exec(line) ?? [];
  const command = commands.find((known) => known.name === name || known.aliases?.includes(name));
  if (command?.choices === undefined) return undefined;
  return [command.choices.filter((choice) => choice.startsWith(argument.toLowerCase())), argument];
}

function tablesOf(statement: string, known: ReadonlySet<string>): string[] {
  return [...new Set(statement.match(/\w+/g))].filter((name) => known.has(name));
}

/** The table that the qualifier of a column is or stands for; all that the statement names, where that is not clear. */
function tablesBehind(qualifier: string, statement: string, known: ReadonlySet<string>): string[] {
  if (known.has(qualifier)) return [qualifier];
  const words = statement.match(/\w+/g)?.filter((word) => word !== 'as') ?? [];
  const table = words.find((word, i) => known.has(word) && words[i + 1] === qualifier);
  return table === undefined ? tablesOf(statement, known) : [table];
}

async function columnsOf(tables: readonly string[], runner: SqlRunner): Promise<string[]> {
  const columns = new Set<string>();
  for (const table of tables) for (const column of await runner.columnsOf(table)) columns.add(column);
  return [...columns].sort();
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
