/**
 * A differential of 100,000 rows of which 10 changed: `node bench/differ.ts`. Beside it what keeping all rows as JSON and
 * comparing them as osquery does costs in the same program.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeFiles } from '../src/host/linux/store-files.ts';
import { compare } from '../src/results/differ.ts';
import type { RowText } from '../src/results/row.ts';
import { openStore } from '../src/store/sqlite-store.ts';

const ROWS = 100_000;
const folder = mkdtempSync(join(tmpdir(), 'osquery-bench-differ-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const store = openStore(folder, storeFiles, console.error);
const ran = { name: 'many', sql: 'select', epoch: 0n };

function* rows(from: number): Generator<RowText> {
  for (let i = from; i < from + ROWS; i++) {
    yield `{"inode":${i},"mode":"0644","path":"/usr/share/some/where/else/a/file/with/a/name/${i}","size":${i * 7}}` as RowText;
  }
}

console.log(`| ${ROWS} rows | ms | MB more |\n|---|---|---|`);
const lines = () => true;
measure('first run: compared and kept', () => store.keepRun(compare(store, ran, rows(0)).change(1), { lines }));
measure('10 changed: compared', () => void compare(store, ran, rows(10)));
measure('10 changed: compared and kept', () => {
  store.keepRun(compare(store, ran, rows(10)).change(2), { lines });
});
let before = JSON.stringify([...rows(0)].map((row) => JSON.parse(row)));
measure('10 changed: all rows as JSON, parsed, compared and written again', () => {
  const old = new Map<string, number>();
  for (const row of JSON.parse(before)) old.set(JSON.stringify(row), (old.get(JSON.stringify(row)) ?? 0) + 1);
  const now = [...rows(10)].map((row) => JSON.parse(row));
  const added = now.filter((row) => !old.delete(JSON.stringify(row)));
  before = JSON.stringify(now);
  if (added.length !== 10 || old.size !== 10) throw new Error(`${added.length} added, ${old.size} removed`);
});
store[Symbol.dispose]();

function measure(name: string, run: () => void): void {
  globalThis.gc?.();
  const memory = process.memoryUsage.rss();
  let most = memory;
  const start = performance.now();
  run();
  most = Math.max(most, process.memoryUsage.rss());
  console.log(`| ${name} | ${(performance.now() - start).toFixed(0)} | ${((most - memory) / 1e6).toFixed(0)} |`);
}
