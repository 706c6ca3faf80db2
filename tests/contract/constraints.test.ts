/**
 * A constraint only narrows: what a table gives when it is asked for one value of a column has every row of the whole
 * table with that value. SQLite drops rows that a table gives beyond; it cannot bring back those that are missing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../src/schema/columns.ts';
import type { AnyTable } from '../../src/schema/table.ts';
import { tables } from '../../src/tables/index.ts';
import { loadMachine } from '../../src/testing/machines.ts';
import { type CellValue, type RunOptions, runTable } from '../../src/testing/run-table.ts';

/** What a table that must be constrained is asked instead of everything. */
const WHOLE: Readonly<Record<string, RunOptions['where']>> = {
  file: { path: { like: '/srv/data/%' } },
  hash: { path: { like: '/srv/data/%' } },
  extended_attributes: { path: { like: '/srv/data/%' } },
};

for (const machine of ['debian', 'hostile']) {
  const host = loadMachine(machine);
  for (const entry of tables) {
    const table = entry.load();
    const pushed = Object.entries(table.columns as Record<string, Column>).filter(([, column]) => isPushed(column));
    if (pushed.length === 0) continue;
    test(`${table.name} on ${machine}`, () => {
      const where = WHOLE[table.name];
      const all = runTable(table, host, { ...(where && { where }) }).rows;
      for (const [name, { type, options }] of pushed) {
        for (const value of new Set(all.map((row) => row[name]).slice(0, 200))) {
          if (!canBeAsked(value)) continue;
          const wanted = all.filter((row) => row[name] === value).map(print);
          const got = new Map<string, number>();
          const asked = name === 'path' && wanted.some(isLink) ? plain(value) : value;
          for (const row of runTable(table, host, { where: { ...(options.required ? {} : where), [name]: asked } })
            .rows) {
            got.set(print(row), (got.get(print(row)) ?? 0) + 1);
          }
          for (const row of wanted) {
            const count = got.get(row) ?? 0;
            assert.ok(count > 0, `${name} = ${JSON.stringify(value)} (${type}) loses ${row}`);
            got.set(row, count - 1);
          }
        }
      }
    });
  }
}

function isPushed({ options }: Column): boolean {
  const { required, index, additional, optimized, platforms } = options;
  const here = platforms === undefined || platforms.includes('linux');
  return here && Boolean(required || index || additional || optimized);
}

function canBeAsked(value: CellValue | undefined): value is string | number {
  // Integers that JavaScript cannot hold are not pushed down; an empty or missing value mostly means "not given".
  return (typeof value === 'string' && value !== '') || (typeof value === 'number' && Number.isSafeInteger(value));
}

/** A row of a table; its path may be written with the slash that a pattern adds to a directory. */
function print(row: Readonly<Record<string, CellValue>>): string {
  return JSON.stringify(row, (key, value) => {
    if (typeof value === 'bigint') return `${value}n`;
    return key === 'path' && typeof value === 'string' ? plain(value) : value;
  });
}

/** Of a link that a pattern found the path with a slash is what it leads to, docs/adr/0028-patterns-of-paths.md. */
function isLink(row: string): boolean {
  return row.includes('"symlink":1');
}

function plain(value: string | number): string | number {
  return typeof value === 'string' ? value.replace(/(.)\/$/, '$1') : value;
}

test('every table that must be constrained is', () => {
  const required = (table: AnyTable) =>
    Object.values(table.columns as Record<string, Column>).some((column) => column.options.required);
  const names = tables
    .map((entry) => entry.load())
    .filter(required)
    .map(({ name }) => name);
  assert.deepEqual(names.sort(), Object.keys(WHOLE).sort());
});
