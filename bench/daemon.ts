/**
 * What a daemon costs: CPU and private memory of watcher and worker, sampled while a schedule runs.
 *
 *     npm run build && node bench/daemon.ts [idle] [minute] [soak] [--minutes <n>] [--samples]
 *
 * idle: the example configuration, 5 minutes. minute: every table's first example once a minute, some 60 queries, and
 * their second ones up to 100. soak: 50 of them every 10 seconds, for 30 minutes; the slope of the memory is what counts:
 * of the last two thirds, and of the second half, where it should be none. --samples prints the memory of each minute.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { usageOf } from '../src/host/linux/child-process.ts';
import { tables } from '../src/tables/index.ts';
import { NODE_FLAGS } from '../tools/node-flags.ts';
import { installed } from './support.ts';

const SAMPLE_MS = 5000;
const MB = 1024 * 1024;
/** Read whole file systems: a schedule asks them once a day, not six times a minute. */
const LARGE = new Set(['suid_bin', 'file', 'hash', 'extended_attributes', 'deb_package_files']);

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string' }, samples: { type: 'boolean' } },
  allowPositionals: true,
});
const wanted = positionals.length > 0 ? positionals : ['idle', 'minute', 'soak'];
const program = join(installed(), '../osqueryd.js');

console.log(
  '| schedule | minutes | snapshots | CPU s/h | % of a core | private MB, mean | most | slope MB/h | of the second half | written KiB |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|');
if (wanted.includes('idle')) await measure('idle, the example', 5, exampleConfiguration());
if (wanted.includes('minute')) await measure('100 queries a minute', 5, schedule(100, 60));
if (wanted.includes('soak')) await measure('50 queries every 10 s', 30, schedule(50, 10));

interface Sample {
  readonly seconds: number;
  readonly cpuMs: number;
  readonly memory: number;
}

async function measure(title: string, usual: number, configuration: object): Promise<void> {
  const minutes = Number(values.minutes ?? usual);
  const folder = mkdtempSync(join(tmpdir(), 'osquery-daemon-bench-'));
  mkdirSync(join(folder, 'log'));
  writeFileSync(join(folder, 'osquery.conf'), JSON.stringify(configuration));
  const flags = [`--config_path=${folder}/osquery.conf`, `--database_path=${folder}/db`, `--logger_path=${folder}/log`];
  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, program, ...flags, `--pidfile=${folder}/pid`, '--logger_min_stderr=1'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const samples: Sample[] = [];
  const started = performance.now();
  while (performance.now() - started < minutes * 60_000) {
    await sleep(SAMPLE_MS);
    const used = [child.pid!, ...childrenOf(child.pid!)].map((pid) => usageOf(pid) ?? { cpuMs: 0, memory: 0 });
    if (values.samples && samples.length % (60_000 / SAMPLE_MS) === 0) {
      console.error(`${samples.length / 12} min: ${used.map(({ memory }) => (memory / MB).toFixed(1)).join(' + ')} MB`);
    }
    samples.push({
      seconds: (performance.now() - started) / 1000,
      cpuMs: used.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      memory: used.reduce((sum, { memory }) => sum + memory, 0),
    });
  }
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`osqueryd ended with ${code}`);
  report(title, samples, join(folder, 'log'));
  rmSync(folder, { recursive: true });
}

function report(title: string, samples: readonly Sample[], logs: string): void {
  const last = samples.at(-1)!;
  // The first third is growth to the working size.
  const settled = samples.slice(Math.floor(samples.length / 3));
  const mean = settled.reduce((sum, { memory }) => sum + memory / MB, 0) / settled.length;
  const written = readdirSync(logs).reduce((sum, name) => sum + statSync(join(logs, name)).size, 0);
  const snapshots = join(logs, 'osqueryd.snapshots.log');
  const runs = existsSync(snapshots) ? readFileSync(snapshots, 'utf8').split('\n').length - 1 : 0;
  const cells = [
    title,
    (last.seconds / 60).toFixed(0),
    runs,
    ((last.cpuMs / 1000 / last.seconds) * 3600).toFixed(0),
    (last.cpuMs / 10 / last.seconds).toFixed(2),
    mean.toFixed(0),
    Math.max(...samples.map((sample) => sample.memory / MB)).toFixed(0),
    slope(settled).toFixed(1),
    slope(samples.slice(samples.length >> 1)).toFixed(1),
    (written / 1024).toFixed(0),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

/** Megabytes an hour: of the line through the points with the least squares. */
function slope(samples: readonly Sample[]): number {
  const xs = samples.map(({ seconds }) => seconds / 3600);
  const ys = samples.map(({ memory }) => memory / MB);
  const [x, y] = [xs, ys].map((all) => all.reduce((sum, value) => sum + value, 0) / all.length) as [number, number];
  const over = xs.reduce((sum, value, i) => sum + (value - x) * (ys[i]! - y), 0);
  return over / xs.reduce((sum, value) => sum + (value - x) ** 2, 0);
}

/** So many queries, each a snapshot: a run is a line. */
function schedule(count: number, interval: number): object {
  // What events cost depends on what happens on the machine: `bench/events.ts`.
  const isSteady = ({ name }: { readonly name: string }) => !LARGE.has(name) && !name.endsWith('_events');
  const loaded = tables.map(({ load }) => load()).filter(isSteady);
  const examples = [0, 1].flatMap((i) => loaded.flatMap(({ examples: all }) => all[i] ?? []));
  // Where the tables have fewer examples, the first come again under another name.
  const queries = Array.from({ length: count }, (_, i) => [
    `query_${i}`,
    { query: examples[i % examples.length]!, interval, snapshot: true },
  ]);
  return { schedule: Object.fromEntries(queries) };
}

function exampleConfiguration(): object {
  const text = readFileSync(join(import.meta.dirname, '../packaging/osquery.example.conf'), 'utf8');
  return JSON.parse(text.replace(/^\s*\/\/.*$/gm, '')) as object;
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => {
      try {
        return readFileSync(`/proc/${candidate}/stat`, 'latin1').split(') ')[1]?.split(' ')[1] === String(pid);
      } catch {
        return false;
      }
    });
}
