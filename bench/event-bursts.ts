/**
 * Connections in numbers: so many a second for a minute; and more at once than a query ever reads.
 *
 *     npm run build && node bench/event-bursts.ts [steady] [limited] [burst]
 *
 * As root. `steady`: 10,000 connections a second, each of them two events, with a watchdog that stops nothing; `limited`: the same with the
 * watchdog as it is by default. `burst`: 100,000 events between two queries (osquery issue 7310), with that watchdog too, and the store as
 * large as that asks for.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventDaemon } from './event-daemon.ts';
import { compiled } from './support.ts';

const MB = 1024 * 1024;
const load = compiled('load');
const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['steady', 'limited', 'burst'];

console.log(
  '| | events made | a second | heard | missing | counted as lost | CPU µs an event | private MB before, most | store MB, most | stopped by the watchdog |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|');
if (wanted.includes('steady')) await measure('10,000 connections/s', 10_000, 60, 2, ['--watchdog_level=-1']);
if (wanted.includes('limited')) await measure('10,000 connections/s, default watchdog', 10_000, 60, 2, []);
// Most queries would have run long before.
if (wanted.includes('burst')) await measure('100,000 events at once', 10_000, 5, 30, ['--events_max=200000']);

async function measure(title: string, rate: number, seconds: number, interval: number, flags: string[]): Promise<void> {
  const query = `select count(*) as n from bpf_socket_events
    where path = '${load}' and syscall in ('connect', 'accept') and cast(exit_code as integer) >= 0`;
  // What made room after it was seen is not lost.
  const drops = "select sum(iif(type = 'publisher', dropped, unseen)) as n from osquery_events where name like 'bpf%'";
  using daemon = new EventDaemon(
    { schedule: { n: { query, interval }, drops: { query: drops, interval: 2, snapshot: true } } },
    ['--enable_bpf_events', ...flags],
  );
  await daemon.until(/Storing initial results/);
  await sleep(2000);
  const before = daemon.usage;
  const child = spawn(load, [String(rate), '0', String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
  });
  const ended = once(child, 'exit');
  const heard = () => daemon.rows('n').reduce((sum, { n }) => sum + Number(n), 0);
  let [most, store] = [before.memory, 0];
  const look = () => {
    most = Math.max(most, daemon.usage.memory);
    store = Math.max(store, daemon.storeSize);
  };
  while (child.exitCode === null) {
    await Promise.race([sleep(200), ended]);
    look();
  }
  for (let waited = 0; waited < interval * 2 + 6; waited++) {
    await sleep(1000);
    look();
  }
  const [connected, refused, , ms] = output.trim().split(' ').map(Number) as [number, number, number, number];
  // What was reset before `connect(2)` returned was accepted all the same.
  const made = 2 * connected - refused;
  const cells = [
    made,
    (made / (ms / 1000)).toFixed(0),
    heard(),
    made - heard(),
    daemon.snapshots('drops').at(-1)?.[0]?.['n'] ?? '',
    (((daemon.usage.cpuMs - before.cpuMs) * 1000) / made).toFixed(1),
    `${(before.memory / MB).toFixed(0)}, ${(most / MB).toFixed(0)}`,
    (store / MB).toFixed(0),
    [...daemon.status.matchAll(/stopping: |limits? exceeded/g)].length,
  ];
  console.log(`| ${title} | ${cells.join(' | ')} |`);
  await daemon.end();
}
