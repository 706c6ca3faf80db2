import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Column } from '../../src/schema/columns.ts';
import type { AnyTable } from '../../src/schema/table.ts';
import { tables } from '../../src/tables/index.ts';

const GOLDENS = join(import.meta.dirname, '../goldens');

describe('every column is filled on some test machine, or says why not', () => {
  for (const entry of tables) {
    const table = entry.load();
    if (table.untested !== undefined) continue;
    test(table.name, () => {
      const filled = filledColumns(table);
      const silent = Object.entries(table.columns as Record<string, Column>)
        .filter(([name, { options }]) => isHere(options) && options.untested === undefined && !filled.has(name))
        .map(([name]) => name);
      assert.deepEqual(
        silent,
        [],
        `no row of tests/goldens/${table.name}/ fills them; declare "untested" with the reason`,
      );
      for (const [name, { options }] of Object.entries(table.columns as Record<string, Column>)) {
        if (filled.has(name)) assert.equal(options.untested, undefined, `${name} is tested`);
      }
    });
  }
});

/** Columns that some golden row gives a value: not NULL, not empty. */
function filledColumns({ name }: AnyTable): Set<string> {
  const filled = new Set<string>();
  for (const file of globSync('*.jsonl', { cwd: join(GOLDENS, name) })) {
    for (const line of readFileSync(join(GOLDENS, name, file), 'utf8').split('\n')) {
      if (line === '') continue;
      for (const [column, value] of Object.entries(JSON.parse(line))) {
        if (value !== null && value !== '') filled.add(column);
      }
    }
  }
  return filled;
}

function isHere({ platforms }: Column['options']): boolean {
  return platforms === undefined || platforms.includes('linux');
}
