/**
 * A tree of many empty files on tmpfs, what a walk over it costs in time and memory, and nothing left behind.
 *
 *     node bench/make-tree.ts [files, default 1000000]
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { expand } from '../src/host/glob.ts';
import { LinuxHost } from '../src/host/linux/linux-host.ts';

/** An empty file takes about 1 KiB of kernel memory. */
const MAX_FILES = 2_000_000;
const FILES_A_DIRECTORY = 1000;
const SHARED_MEMORY = '/dev/shm';

const count = Number(process.argv[2] ?? 1_000_000);
if (!(Number.isInteger(count) && count > 0 && count <= MAX_FILES)) throw new Error(`1 to ${MAX_FILES} files`);

const root = mkdtempSync(`${SHARED_MEMORY}/osquery-bench-`);
process.once('SIGINT', () => process.exit(130));
process.once('exit', () => rmSync(root, { recursive: true, force: true }));

const { files } = new LinuxHost();
timed('make', () => makeFiles(root, count));
timed('walk', () => length(expand(files, `${root}/%%`)));
timed('walk and stat', () => {
  let bytes = 0;
  for (const { path } of expand(files, `${root}/%%`)) bytes += files.linkStat(path).size;
  return bytes;
});
timed('one file of it', () => firstFile());
mkdirSync(`${root}/flat`);
timed('make one large directory', () => makeFlat(`${root}/flat`, Math.min(count, 200_000)));
timed('scan it', () => length(files.scan(`${root}/flat`)));
timed('list it', () => files.list(`${root}/flat`).length);

function makeFiles(at: string, total: number): number {
  for (let made = 0; made < total; ) {
    const directory = `${at}/${made / FILES_A_DIRECTORY}`;
    mkdirSync(directory);
    for (let i = 0; i < FILES_A_DIRECTORY && made < total; i++, made++) closeSync(openSync(`${directory}/${i}`, 'w'));
  }
  return total;
}

/** What LIMIT 1 does. */
function firstFile(): number {
  for (const { kind } of expand(files, `${root}/%%`)) if (kind === 'regular') return 1;
  return 0;
}

function makeFlat(at: string, total: number): number {
  for (let i = 0; i < total; i++) closeSync(openSync(`${at}/file-${i}`, 'w'));
  return total;
}

function length(items: Iterable<unknown>): number {
  let total = 0;
  for (const _ of items) total++;
  return total;
}

function timed(name: string, action: () => number): void {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = action();
  const wall = Math.round(performance.now() - start);
  const { user, system } = process.cpuUsage(cpu);
  const memory = process.memoryUsage.rss() >> 20;
  const used = Math.round((user + system) / 1000);
  console.log(`${name.padEnd(26)} ${String(result).padStart(8)}  ${used} ms CPU, ${wall} ms, ${memory} MiB resident`);
}
