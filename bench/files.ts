/**
 * `file` and `hash` beside find(1), ls(1) and sha256sum(1), whole programs: `npm run build && node bench/files.ts [runs]`.
 * Then a tree of 10,000 and one of 1,000,000 files on tmpfs: memory must not grow with them.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { installed, measured, race } from './support.ts';

const RUNS = Number(process.argv[2] ?? 7);
const osqueryi = installed();
const query = (sql: string) => [osqueryi, '--csv', sql];

race('All files below /usr: path, size, mtime, mode', RUNS, {
  'find -printf': ['find', '/usr', '-printf', '%p %s %T@ %m\n'],
  'osqueryi, every row printed': query("select path, size, mtime, mode from file where path like '/usr/%%'"),
  'osqueryi, counted': query(
    "select count(path), sum(size), sum(mtime), max(mode) from file where path like '/usr/%%'",
  ),
  'osqueryi, limit 10': query("select path, size, mtime, mode from file where path like '/usr/%%' limit 10"),
});

race('The files of /usr/bin', RUNS, {
  'ls -la': ['ls', '-la', '/usr/bin'],
  'osqueryi, every column': query("select * from file where directory = '/usr/bin'"),
});

race('SHA-256 of the files of /usr/bin', Math.min(RUNS, 3), {
  sha256sum: ['sh', '-c', 'find /usr/bin -xtype f -exec sha256sum {} +'],
  osqueryi: query("select path, sha256 from hash where directory = '/usr/bin'"),
});

const SHARED_MEMORY = '/dev/shm';
const FILES_A_DIRECTORY = 1000;
const root = mkdtempSync(`${SHARED_MEMORY}/osquery-bench-`);
process.once('exit', () => rmSync(root, { recursive: true, force: true }));

console.log('\nMemory over trees of two sizes, every row printed\n\n| files | wall ms | MB |\n|---|---|---|');
let made = 0;
for (const count of [10_000, 1_000_000]) {
  for (; made < count; made++) {
    const directory = `${root}/${Math.floor(made / FILES_A_DIRECTORY)}`;
    if (made % FILES_A_DIRECTORY === 0) mkdirSync(directory);
    closeSync(openSync(`${directory}/${made}`, 'w'));
  }
  const { wall, resident } = measured(query(`select path, size, mtime, mode from file where path like '${root}/%%'`));
  console.log(`| ${count.toLocaleString('en')} | ${(wall * 1e3).toFixed(0)} | ${(resident / 1e6).toFixed(0)} |`);
}
