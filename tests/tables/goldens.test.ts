/**
 * Each table on each machine of `tests/machines`, compared with `tests/goldens/<table>/<machine>.jsonl`: a line a row,
 * no file where there are no rows. `UPDATE_GOLDENS=1` rewrites the files; read the difference before committing it.
 *
 * `tests/goldens/<table>/queries.json` lists the `where` of each query to run (see `RunOptions`), where the whole table
 * is not what one wants; a table with required columns needs it.
 */
import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Column } from '../../src/schema/columns.ts';
import type { AnyTable } from '../../src/schema/table.ts';
import { loadMachine, machineNames } from '../../src/testing/machines.ts';
import { replayed } from '../../src/testing/replay.ts';
import { type CellValue, type RunOptions, runTable } from '../../src/testing/run-table.ts';

const TABLES = join(import.meta.dirname, '../../src/tables');
const GOLDENS = join(import.meta.dirname, '../goldens');
const update = process.env['UPDATE_GOLDENS'] === '1';

/** More rows than a golden file should have: the machine or the table is wrong. */
const MAX_ROWS = 20_000;

const tableFiles = globSync('*/**/*.ts', { cwd: TABLES }).sort();

test('every golden file belongs to a table and a machine', () => {
  const tables = new Set(tableFiles.map(nameOf));
  const machines = new Set(machineNames());
  for (const golden of globSync('*/*', { cwd: GOLDENS })) {
    const [folder = '', file = ''] = golden.split('/');
    assert.ok(tables.has(folder), `${golden}: no such table`);
    assert.ok(file === 'queries.json' || machines.has(file.replace(/\.jsonl$/, '')), `${golden}: no such machine`);
  }
});

for (const file of tableFiles) {
  const name = nameOf(file);
  test(name, async (t) => {
    const table = await load(file);
    if (table === undefined) return t.skip('not a table that generates rows');
    const queries = queriesOf(table);
    if (queries === undefined) return t.skip(`write tests/goldens/${name}/queries.json: it has required columns`);
    for (const machine of machineNames()) {
      await t.test(`on ${machine}`, () => compare(table, machine, queries));
    }
  });
}

function nameOf(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.ts$/, '');
}

function compare(table: AnyTable, machine: string, queries: readonly RunOptions['where'][]): void {
  const host = loadMachine(machine);
  const lines = queries.flatMap((where) => {
    // What was heard was heard on one machine.
    const events = machine === 'debian' ? replayed(table, host) : undefined;
    const { rows } = runTable(table, host, { ...(where && { where }), events, limit: MAX_ROWS });
    assert.ok(rows.length < MAX_ROWS, `${MAX_ROWS} rows or more`);
    return rows.map(printRow);
  });
  const golden = join(GOLDENS, table.name, `${machine}.jsonl`);
  const actual = lines.join('');
  if (update) write(golden, actual);
  assert.equal(actual, read(golden) ?? '', `differs from ${golden}; if it is right, UPDATE_GOLDENS=1 writes it`);
}

async function load(file: string): Promise<AnyTable | undefined> {
  const exported = Object.values(await import(join(TABLES, file)));
  return exported.find(
    (value): value is AnyTable =>
      typeof value === 'object' && value !== null && 'columns' in value && 'generate' in value,
  );
}

function queriesOf(table: AnyTable): readonly RunOptions['where'][] | undefined {
  const declared = read(join(GOLDENS, table.name, 'queries.json'));
  if (declared !== undefined) return JSON.parse(declared);
  const required = Object.values(table.columns as Record<string, Column>).some(({ options }) => options.required);
  return required ? undefined : [{}];
}

/** int64 stays exact; bytes are hex. */
function printRow(row: Readonly<Record<string, CellValue>>): string {
  const text = JSON.stringify(row, (_, value) => {
    if (typeof value === 'bigint') return rawJSON(value.toString());
    return value instanceof Uint8Array ? `x'${Buffer.from(value).toString('hex')}'` : value;
  });
  return `${text}\n`;
}

/** Node 22 has it; the standard library's types do not yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

function write(path: string, text: string): void {
  if (text === '') {
    rmSync(path, { force: true });
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
