/**
 * What it costs to hear of programs: so many are started as fast as one process can, while the daemon listens to audit.
 *
 *     npm run build && node bench/events.ts [programs, 20000]
 *
 * As root, where no other audit daemon runs. Rows are counted by a scheduled query: what it has seen once is what counts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '../src/host/linux/child-process.ts';
import { compiled, installed, measured } from './support.ts';

const COUNT = Number(process.argv[2] ?? 20_000);
const spawner = compiled('spawn');
const program = join(installed(), '../osqueryd.js');
const folder = mkdtempSync(join(tmpdir(), 'osquery-events-bench-'));
mkdirSync(join(folder, 'log'));
const query = "select count(*) as n from process_events where cmdline = '/bin/true osquery-bench'";
writeFileSync(
  join(folder, 'osquery.conf'),
  JSON.stringify({ options: { schedule_splay_percent: 0 }, schedule: { n: { query, interval: 2 } } }),
);

const alone = measured([spawner, String(COUNT)]);
const flags = [`--config_path=${folder}/osquery.conf`, `--database_path=${folder}/db`, `--logger_path=${folder}/log`];
const audit = ['--disable_audit=false', '--audit_allow_config', '--audit_backlog_limit=8192', '--events_max=1000000'];
const child = spawn(process.execPath, [program, ...flags, ...audit, `--pidfile=${folder}/pid`, '--disable_watchdog'], {
  stdio: ['ignore', 'ignore', 'ignore'],
});
const log = join(folder, 'log/osqueryd.INFO');
while (!existsSync(log) || !readFileSync(log, 'utf8').includes('is the audit daemon')) await sleep(100);
await sleep(3000);
const before = usageOf(child.pid!)!;
const heard = measured([spawner, String(COUNT)]);
for (let i = 0; i < 30 && counted() < COUNT; i++) await sleep(1000);
const after = usageOf(child.pid!)!;
child.kill('SIGTERM');
await once(child, 'exit');

const micro = (seconds: number) => ((seconds / COUNT) * 1e6).toFixed(0);
console.log(`| ${COUNT} programs | microseconds each |\n|---|---|`);
console.log(`| started, nobody listens | ${micro(alone.wall)} |`);
console.log(`| started, the daemon listens | ${micro(heard.wall)} |`);
console.log(`| CPU of the daemon | ${micro((after.cpuMs - before.cpuMs) / 1000)} |`);
console.log(`\nrows: ${counted()}; private memory ${(after.memory / 1024 / 1024).toFixed(0)} MB`);
process.exitCode = counted() === COUNT ? 0 : 1;
rmSync(folder, { recursive: true });

/** Rows that the scheduled query has seen, over all its runs. */
function counted(): number {
  const path = join(folder, 'log/osqueryd.results.log');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const lines = text.split('\n').filter(Boolean);
  return lines.reduce((sum, line) => sum + Number((JSON.parse(line) as { columns: { n: string } }).columns.n), 0);
}
