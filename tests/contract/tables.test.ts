import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Column, Columns } from '../../src/schema/columns.ts';
import type { AnyTable } from '../../src/schema/table.ts';
import { tables } from '../../src/tables/index.ts';
import { isDescriptionOfOsquery, type ReferenceColumn, referenceTables } from './reference.ts';

const OPTIONS = ['required', 'index', 'additional', 'optimized', 'hidden', 'collate'] as const;
const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const IN_OUR_WORDS = 'the description is word for word that of osquery; write it anew';
const PLATFORMS = ['linux', 'darwin', 'windows'];
/** As the compiler has it: a declaration that goes wrong here is one that was cast. */
const TYPES = ['TEXT', 'INTEGER', 'BIGINT', 'UNSIGNED_BIGINT', 'DOUBLE', 'BLOB'];

const declared = tables.map((entry) => ({ entry, table: entry.load() }));

describe('every table is as osquery has it', () => {
  for (const { table } of declared) {
    test(table.name, () => {
      const reference = referenceTables.get(table.name);
      assert.ok(reference, 'osquery has no such table');
      const all = Object.entries(table.columns as Columns);
      const columns = all.slice(0, reference.columns.length);
      assert.deepEqual(
        all.slice(reference.columns.length).map(([name, { options }]) => [name, options.hidden]),
        ownColumns(table.name).map((name) => [name, true]),
        'columns of our own come last, and are hidden',
      );
      assert.deepEqual(
        columns.map(([name]) => name),
        reference.columns.map(({ name }) => name),
        'columns in order',
      );
      assert.deepEqual(
        columns.map(([name, column]) => facts(name, column)),
        reference.columns.map(referenceFacts),
        'types and options',
      );
      assert.deepEqual(
        {
          platforms: table.platforms.toSorted(),
          aliases: table.aliases?.toSorted() ?? [],
          cacheable: table.cacheable ?? false,
          userData: table.userData ?? false,
        },
        {
          platforms: reference.platforms.toSorted(),
          aliases: reference.aliases?.toSorted() ?? [],
          cacheable: reference.cacheable ?? false,
          userData: reference.user_data ?? false,
        },
      );
    });
  }
});

describe('every declaration says what it must', () => {
  for (const { entry, table } of declared) {
    test(table.name, () => {
      const wrong = [...faults(table)];
      assert.deepEqual(wrong, []);
      assert.deepEqual([entry.name, entry.aliases], [table.name, table.aliases ?? []], 'run: npm run generate');
    });
  }

  test('no name stands for two tables', () => {
    const names = declared.flatMap(({ table }) => [table.name, ...(table.aliases ?? [])]);
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
  });
});

test('how much of osquery on Linux is there', (t) => {
  const wanted = [...referenceTables.values()].filter(({ platforms }) => platforms.includes('linux'));
  const here = new Set(tables.map(({ name }) => name));
  const columns = (of: typeof wanted) => of.reduce((sum, table) => sum + table.columns.filter(isLinux).length, 0);
  const found = wanted.filter(({ name }) => here.has(name));
  t.diagnostic(
    `tables: ${found.length} of ${wanted.length} linux tables, columns: ${columns(found)} of ${columns(wanted)}`,
  );
});

function isLinux({ platforms }: ReferenceColumn): boolean {
  return platforms === undefined || platforms.includes('linux');
}

/** Columns that osquery does not have. */
function ownColumns(table: string): readonly string[] {
  if (table === 'osquery_events') return ['received', 'expired', 'dropped', 'unseen', 'drops'];
  if (table === 'file_events') return ['pid', 'occurred'];
  return table.endsWith('_events') ? ['occurred'] : [];
}

/** A column in one line, so that a difference names the column that differs. */
function facts(name: string, { type, options }: Column): string {
  const set = OPTIONS.filter((option) => options[option] !== undefined).map((o) => `${o}=${options[o]}`);
  return [name, type, ...set, ...lists(options.aliases, options.platforms)].join(' ');
}

function referenceFacts(column: ReferenceColumn): string {
  const type = column.type === 'DATETIME' ? 'TEXT' : column.type;
  const set = OPTIONS.filter((option) => column[option] !== undefined).map((o) => `${o}=${column[o]}`);
  return [column.name, type, ...set, ...lists(column.aliases, column.platforms)].join(' ');
}

function lists(aliases: readonly string[] | undefined, platforms: readonly string[] | undefined): string[] {
  return [
    ...(aliases ? [`aliases=${aliases.toSorted()}`] : []),
    ...(platforms ? [`platforms=${platforms.toSorted()}`] : []),
  ];
}

function* faults(table: AnyTable): Generator<string> {
  const { name, description, platforms, aliases = [], columns, examples, untested } = table;
  for (const word of [name, ...aliases]) if (!SNAKE_CASE.test(word)) yield `name ${word}: not in snake_case`;
  if (!/^\P{Ll}.*\.$/u.test(description))
    yield `description: a sentence starts with a capital and ends with a full stop`;
  if (isDescriptionOfOsquery(description)) yield `description: ${IN_OUR_WORDS}`;
  if (platforms.length === 0) yield 'platforms: none';
  for (const platform of platforms) if (!PLATFORMS.includes(platform)) yield `platforms: no such platform ${platform}`;
  if (examples.length === 0) yield 'examples: none';
  for (const example of examples) {
    if (example.endsWith(';')) yield `example "${example}": without a semicolon`;
    if (!new RegExp(`\\b${name}\\b`).test(example)) yield `example "${example}": is not about ${name}`;
  }
  if (untested !== undefined && untested.trim() === '') yield 'untested: says no reason';
  if (Object.keys(columns).length === 0) yield 'columns: none';
  for (const [column, value] of Object.entries(columns as Columns)) yield* columnFaults(column, value, table);
}

function* columnFaults(name: string, { type, description, options }: Column, table: AnyTable): Generator<string> {
  const { aliases = [], platforms, untested } = options;
  for (const word of [name, ...aliases]) if (!SNAKE_CASE.test(word)) yield `column ${word}: not in snake_case`;
  if (!TYPES.includes(type)) yield `${name}: no such type ${type}`;
  if (isDescriptionOfOsquery(description)) yield `${name}: ${IN_OUR_WORDS}`;
  if (description.trim().length < 3) yield `${name}: no description`;
  if (description.endsWith('.') && !/\betc\.$|\. /.test(description))
    yield `${name}: a description ends without a full stop`;
  if (untested !== undefined && untested.trim() === '') yield `${name}: untested says no reason`;
  if (options.collate !== undefined && type !== 'TEXT') yield `${name}: collate is for TEXT`;
  for (const platform of platforms ?? []) {
    if (!table.platforms.includes(platform)) yield `${name}: platform ${platform}, where the table is not`;
  }
}
