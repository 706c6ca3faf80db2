/**
 * A daemon with its watchdog as it is by default, while so many programs and connections a second are made, and two queries
 * ask for all of them every ten seconds: does its memory stay, does its store, how long does a query take.
 *
 *     npm run build && node bench/event-soak.ts [minutes, 60] [events a second, 500]
 *
 * As root. One event in ten is a program, the others are connections and their acceptance.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventDaemon, percentile } from './event-daemon.ts';
import { compiled } from './support.ts';

const MINUTES = Number(process.argv[2] ?? 60);
const RATE = Number(process.argv[3] ?? 500);
const SAMPLE_MS = 5000;
const MB = 1024 * 1024;

const [programs, connections] = [RATE / 10, (RATE * 9) / 20];
const load = compiled('load');
using daemon = new EventDaemon(
  {
    schedule: {
      programs: { query: 'select pid, path, cmdline from bpf_process_events', interval: 10 },
      sockets: {
        query: 'select pid, syscall, exit_code, path, remote_address, remote_port from bpf_socket_events',
        interval: 10,
      },
      schedule: { query: 'select name, last_wall_time_ms from osquery_schedule', interval: 10, snapshot: true },
    },
  },
  ['--enable_bpf_events', '--logger_rotate', '--logger_rotate_size=1073741824'],
);
await daemon.until(/Storing initial results/);
await sleep(2000);
const child = spawn(load, [String(connections), String(programs), String(MINUTES * 60)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let output = '';
child.stdout.on('data', (text: Buffer) => {
  output += text.toString();
});
const ended = once(child, 'exit');
const samples: { readonly seconds: number; readonly memory: number; readonly store: number }[] = [];
const [begun, cpuBefore] = [performance.now(), daemon.usage.cpuMs];
while (child.exitCode === null) {
  await Promise.race([sleep(SAMPLE_MS), ended]);
  const { memory } = daemon.usage;
  samples.push({ seconds: (performance.now() - begun) / 1000, memory: memory / MB, store: daemon.storeSize / MB });
}
const cpuMs = daemon.usage.cpuMs - cpuBefore;
// What has come since the last run.
await sleep(25_000);
const [connected, refused, started, ms] = output.trim().split(' ').map(Number) as [number, number, number, number];
const sockets = daemon.count(
  'sockets',
  ({ path, syscall, exit_code }) => path === load && /^(connect|accept)$/.test(syscall!) && Number(exit_code) >= 0,
);
// What was reset before `connect(2)` returned was accepted all the same.
const made = 2 * connected - refused + started;
const heard = sockets + daemon.count('programs', ({ cmdline }) => cmdline === '/bin/true osquery-load');
const times = daemon
  .snapshots('schedule')
  .flatMap((rows) => rows.filter(({ name }) => name === 'sockets').map((row) => Number(row['last_wall_time_ms'])));
await daemon.end();
const settled = samples.slice(Math.floor(samples.length / 3));
const memories = settled.map(({ memory }) => memory);
const thirds = [0, 1, 2].map((i) => {
  const part = samples.slice((samples.length * i) / 3, (samples.length * (i + 1)) / 3);
  return part.reduce((sum, { memory }) => sum + memory, 0) / part.length;
});
const rows: Readonly<Record<string, string>> = {
  'events made, heard': `${made}, ${heard}`,
  'a second': (made / (ms / 1000)).toFixed(0),
  'CPU of all processes, µs an event': ((cpuMs * 1000) / made).toFixed(1),
  '% of a core': (cpuMs / 10 / (ms / 1000)).toFixed(1),
  'private MB, most after a third': Math.max(...memories).toFixed(0),
  'private MB, mean of each third': thirds.map((mean) => mean.toFixed(0)).join(', '),
  'store MB, after a third, at the end, most': [settled[0]!.store, samples.at(-1)!.store]
    .concat(Math.max(...samples.map(({ store }) => store)))
    .map((size) => size.toFixed(0))
    .join(', '),
  [`query of ${(RATE * 9).toFixed(0)} rows, ms, p50, p99`]: `${percentile(times, 50)}, ${percentile(times, 99)}`,
  'stopped by the watchdog': String([...daemon.status.matchAll(/stopping: |limits? exceeded/g)].length),
};
console.log(`| ${MINUTES} minutes | |\n|---|---|`);
for (const [name, value] of Object.entries(rows)) console.log(`| ${name} | ${value} |`);
const said = daemon.status.match(/^[WE].*$/gm) ?? [];
console.log(`\nWarnings: ${said.length}; ${said.slice(0, 5).join('\n')}`);
