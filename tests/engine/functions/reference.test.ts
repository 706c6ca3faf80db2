import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SqlError } from '../../../src/engine/engine.ts';
import { engineWithFunctions } from './support.ts';

/** What osquery 5.23 answered: a line of `sql-functions.jsonl`. */
interface Line {
  readonly args: readonly string[];
  readonly stdout: string;
  readonly stderr?: readonly string[];
}

/** Where ours is right and osquery's is not. */
const DIFFERENT: ReadonlyMap<string, { readonly value: string; readonly why: string }> = new Map([
  [
    "select '1.0~a' < '1.0' COLLATE VERSION_DPKG as v",
    { value: '1', why: 'Debian policy 5.6.12: ~ sorts before the end' },
  ],
]);

const path = join(import.meta.dirname, '../../contract/reference/sql-functions.jsonl');
const lines = readFileSync(path, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);

const { engine, warnings } = engineWithFunctions();

/** The one value, as osqueryi prints it: a REAL with 15 digits. */
function answer(sql: string): string {
  const rows = engine.query(`select iif(typeof(v) = 'real', printf('%!.15g', v), v) from (${sql})`).rows;
  return String(rows[0]![0] ?? '');
}

for (const { args, stdout, stderr } of lines) {
  const sql = args.at(-1)!;
  const different = DIFFERENT.get(sql);
  test(different === undefined ? sql : `${sql}: ${different.why}`, () => {
    warnings.length = 0;
    const [error] = (stderr ?? []).filter((line) => line.startsWith('Error: '));
    if (error !== undefined) {
      assert.throws(
        () => answer(sql),
        (thrown: unknown) => thrown instanceof SqlError && `Error: ${thrown.message}` === error,
      );
      return;
    }
    const [row] = JSON.parse(stdout) as [{ v: string }];
    assert.equal(answer(sql), different?.value ?? row.v);
    assert.deepEqual(warnings, stderr ?? []);
  });
}
