/**
 * What a daemon loses when it is killed: watcher or worker, at random, under load, again and again.
 *
 *     npm run build && node bench/kills.ts [--kills 200] [--seed 1]
 *
 * Files appear every 10 ms in a folder that a query lists each second, beside 20 other queries. Each file has to be in the
 * log as added: never less than once, and more than once only where a kill came between the line and the note that it was
 * written. Exits with 1 if one is missing, or the store is not whole.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { installed } from './support.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '1' } },
});
const kills = Number(values.kills);
const program = join(installed(), '../osqueryd.js');
const folder = mkdtempSync(join(tmpdir(), 'osquery-kills-'));
const watched = join(folder, 'watched');
mkdirSync(watched);
mkdirSync(join(folder, 'log'));

const load = Array.from({ length: 20 }, (_, i) => [
  `load_${i}`,
  { query: `select ${i}, count(*) from processes, (select 1 union all select 2)`, interval: 1, snapshot: true },
]);
writeFileSync(
  join(folder, 'osquery.conf'),
  JSON.stringify({
    options: { schedule_splay_percent: 0 },
    schedule: {
      files: { query: `select filename from file where directory = '${watched}'`, interval: 1 },
      ...Object.fromEntries(load),
    },
  }),
);

let state = Number(values.seed);
let written = 0;
const writer = setInterval(() => writeFileSync(join(watched, String(written++)), ''), 10);
let daemon = start();
let wholeDaemon = 0;
for (let i = 0; i < kills; i++) {
  await sleep(200 + random() * 1300);
  const [worker] = childrenOf(daemon.pid!);
  if (random() < 0.5 && worker !== undefined) {
    process.kill(worker, 'SIGKILL');
    continue;
  }
  wholeDaemon += 1;
  const exit = once(daemon, 'exit');
  daemon.kill('SIGKILL');
  await exit;
  daemon = start();
}
clearInterval(writer);
for (const deadline = Date.now() + 60_000; Date.now() < deadline && logged().size < written; ) await sleep(500);
const exit = once(daemon, 'exit');
daemon.kill('SIGTERM');
const [code] = await exit;

const times = logged();
const twice = [...times.values()].filter((count) => count > 1);
const database = new DatabaseSync(join(folder, 'db/store.sqlite'));
const check = database.prepare('PRAGMA quick_check').get() as { quick_check: string };
const aside = readdirSync(join(folder, 'db')).filter((name) => name.includes('damaged'));
console.log(`${kills} kills, ${wholeDaemon} of them of watchers; the last daemon ended with ${code}`);
console.log(
  `files: ${written}; in the log: ${times.size}; missing: ${written - times.size}; more than once: ${twice.length}`,
);
console.log(
  `batches that were written twice: ${repeatedBatches()} of ${batches()}; store: ${check.quick_check}, ${aside.length} moved aside`,
);
process.exitCode = times.size === written && check.quick_check === 'ok' && aside.length === 0 ? 0 : 1;
rmSync(folder, { recursive: true });

function start(): ChildProcess {
  const flags = [`--config_path=${folder}/osquery.conf`, `--database_path=${folder}/db`, `--logger_path=${folder}/log`];
  const quick = ['--watchdog_max_delay=1', '--logger_min_stderr=3', '--logger_min_status=1'];
  return spawn(process.execPath, [program, ...flags, `--pidfile=${folder}/pid`, ...quick], { stdio: 'ignore' });
}

interface Line {
  readonly name: string;
  readonly counter: number;
  readonly unixTime: number;
  readonly columns: { readonly filename: string };
}

function lines(): Line[] {
  const text = readFileSync(join(folder, 'log/osqueryd.results.log'), 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line.startsWith('{"name":"files"'))
    .map((line) => JSON.parse(line) as Line);
}

/** Each file, and how many times it was logged as added. */
function logged(): Map<string, number> {
  const times = new Map<string, number>();
  for (const { columns } of lines()) times.set(columns.filename, (times.get(columns.filename) ?? 0) + 1);
  return times;
}

function batches(): number {
  return new Set(lines().map(({ counter }) => counter)).size;
}

/** Batches whose counter came with more than one time: it was not yet noted when the kill came. */
function repeatedBatches(): number {
  const seen = new Map<number, Set<number>>();
  for (const { counter, unixTime } of lines()) seen.set(counter, (seen.get(counter) ?? new Set()).add(unixTime));
  return [...seen.values()].filter(({ size }) => size > 1).length;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** Numbers that a seed determines: mulberry32. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
