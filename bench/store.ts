/**
 * What the store takes, on the disk of the directory given: `node bench/store.ts [directory]`. Beside it the same lines
 * appended to a file with write(2), and with fdatasync(2) after each batch.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeFiles } from '../src/host/linux/store-files.ts';
import { openStore } from '../src/store/sqlite-store.ts';

const LINES = 20_000;
const BATCH = 100;
const line = JSON.stringify({
  name: 'pack_web_ports',
  calendarTime: 'Mon Nov 23 17:00:00 2026 UTC',
  columns: { text: 'x'.repeat(400) },
});

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'osquery-bench-store-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const store = openStore(folder, storeFiles, console.error);
const queue = store.logs('tls');

console.log(
  `| ${LINES} lines of ${line.length} bytes | lines/s | p50 ms | p99 ms | longest ms |\n|---|---|---|---|---|`,
);
batches('write(2)', (batch) => batch(fileWriter(false)));
batches('write(2), fdatasync(2)', (batch) => batch(fileWriter(true)));
const append = (lines: readonly string[]) => {
  for (const text of lines) queue.append(text);
};
batches('queue, a transaction of 100', (batch) => batch((lines) => store.transaction(() => append(lines))));
batches('queue, durable', (batch) => batch((lines) => store.transaction(() => append(lines), { durable: true })));
batches('queue, read and acknowledged', (batch) =>
  batch(() => {
    const found = queue.oldest(BATCH);
    queue.acknowledge(found.at(-1)?.id ?? 0);
  }),
);
store.transaction(() => {
  for (let i = 0; i < 200_000; i++) queue.append(line);
});
const stalls: number[] = [];
for (let dropped = 1; dropped > 0; ) {
  const start = performance.now();
  dropped = queue.trim(1000);
  stalls.push(performance.now() - start);
}
console.log(`\ntrim of 200,000 lines: ${stalls.length} steps, ${report(stalls)}`);
store[Symbol.dispose]();

/** Runs LINES in batches of BATCH through what `run` is given, and prints how long each took. */
function batches(name: string, run: (batch: (write: (lines: readonly string[]) => void) => void) => void): void {
  const taken: number[] = [];
  const lines = new Array<string>(BATCH).fill(line);
  run((write) => {
    for (let i = 0; i < LINES / BATCH; i++) {
      const start = performance.now();
      write(lines);
      taken.push(performance.now() - start);
    }
  });
  const seconds = taken.reduce((sum, one) => sum + one, 0) / 1000;
  console.log(`| ${name} | ${Math.round(LINES / seconds)} | ${report(taken)} |`);
}

function report(taken: number[]): string {
  const sorted = taken.toSorted((a, b) => a - b);
  return [0.5, 0.99, 1]
    .map((part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!.toFixed(2))
    .join(' | ');
}

function fileWriter(sync: boolean): (lines: readonly string[]) => void {
  const fd = openSync(join(folder, `file-${sync}`), 'a');
  process.once('exit', () => closeSync(fd));
  return (lines) => {
    writeSync(fd, `${lines.join('\n')}\n`);
    if (sync) fdatasyncSync(fd);
  };
}
