/**
 * What it costs to hear of programs: so many are started as fast as two processes can, both cores busy, while nobody listens,
 * while the daemon does with eBPF and with audit, and, where they are installed, while Debian's auditd writes the same to
 * its log, and bpftrace counts it.
 *
 *     npm run build && node bench/events.ts [programs, 20000] [sources, "bpf audit auditd bpftrace"]
 *
 * As root, where no audit daemon runs. Rows are counted by a scheduled query: what it has seen once is what counts.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '../src/host/linux/child-process.ts';
import { compiled, installed, measured } from './support.ts';

const COUNT = Number(process.argv[2] ?? 20_000);
const SOURCES = (process.argv[3] ?? 'bpf audit auditd bpftrace').split(' ');
const spawner = compiled('spawn');
const folder = mkdtempSync(join(tmpdir(), 'osquery-events-bench-'));

interface Listener {
  readonly process: ChildProcess;
  /** What it has heard; NaN where it does not say. */
  heard(): number;
  end(): Promise<void>;
}

const LISTENERS: Readonly<Record<string, () => Promise<Listener>>> = {
  bpf: () => daemon('bpf_process_events', ['--bpf_ring_buffer_size=4194304']),
  audit: () =>
    daemon('process_events', ['--disable_audit=false', '--audit_allow_config', '--audit_backlog_limit=8192']),
  auditd,
  bpftrace,
};

const alone = starts();
console.log('| who listens | heard | lost | µs a program, wall | CPU µs of the listener | of kauditd | private MB |');
console.log('|---|---|---|---|---|---|---|');
console.log(`| nobody | | | ${micro(alone)} | | | |`);
for (const source of SOURCES) {
  const listener = await LISTENERS[source]!();
  const [before, kernelBefore] = [usageOf(listener.process.pid!)!, kauditd()];
  const wall = starts();
  // Until no more comes.
  for (let last = -1; listener.heard() !== last && listener.heard() < COUNT; await sleep(5000)) last = listener.heard();
  await sleep(1000);
  const [after, kernelAfter] = [usageOf(listener.process.pid!)!, kauditd()];
  await listener.end();
  const heard = listener.heard();
  const cpu = micro((after.cpuMs - before.cpuMs) / 1000);
  const kernel = micro((kernelAfter - kernelBefore) / 1000);
  const memory = (after.memory / 1024 / 1024).toFixed(0);
  console.log(`| ${source} | ${heard} | ${COUNT - heard} | ${micro(wall)} | ${cpu} | ${kernel} | ${memory} |`);
}
rmSync(folder, { recursive: true });

/** Seconds until all were started, by two processes. */
function starts(): number {
  const half = String(COUNT / 2);
  return measured(['/bin/sh', '-c', `${spawner} ${half} & ${spawner} ${half}; wait`]).wall;
}

function micro(seconds: number): string {
  return ((seconds / COUNT) * 1e6).toFixed(1);
}

async function daemon(table: string, flags: readonly string[]): Promise<Listener> {
  const home = join(folder, table);
  mkdirSync(join(home, 'log'), { recursive: true });
  const query = `select count(*) as n from ${table} where cmdline = '/bin/true osquery-bench'`;
  writeFileSync(
    join(home, 'osquery.conf'),
    JSON.stringify({ options: { schedule_splay_percent: 0 }, schedule: { n: { query, interval: 2 } } }),
  );
  const paths = [`--config_path=${home}/osquery.conf`, `--database_path=${home}/db`, `--logger_path=${home}/log`];
  const child = spawn(
    process.execPath,
    [
      join(installed(), '../osqueryd.js'),
      ...paths,
      ...flags,
      `--pidfile=${home}/pid`,
      '--disable_watchdog',
      '--events_max=1000000',
    ],
    { stdio: 'ignore' },
  );
  const results = join(home, 'log/osqueryd.results.log');
  const log = join(home, 'log/osqueryd.INFO');
  while (!existsSync(log) || !/Storing initial results/.test(readFileSync(log, 'utf8'))) await sleep(100);
  await sleep(2000);
  const heard = () => {
    const lines = existsSync(results) ? readFileSync(results, 'utf8').split('\n').filter(Boolean) : [];
    return lines.reduce((sum, line) => sum + Number((JSON.parse(line) as { columns: { n: string } }).columns.n), 0);
  };
  return { process: child, heard, end: () => ended(child) };
}

/** Debian's, with the rule that the daemon sets. */
async function auditd(): Promise<Listener> {
  const home = join(folder, 'auditd');
  mkdirSync(home, { mode: 0o700 });
  const log = join(home, 'audit.log');
  const options = [
    'local_events = yes',
    'write_logs = yes',
    `log_file = ${log}`,
    'log_format = RAW',
    'flush = INCREMENTAL_ASYNC',
    'freq = 50',
    'max_log_file = 1000',
    'max_log_file_action = IGNORE',
    'space_left = 75',
    'admin_space_left = 50',
  ];
  writeFileSync(join(home, 'auditd.conf'), `${options.join('\n')}\n`, { mode: 0o640 });
  const child = spawn('auditd', ['-n', '-c', home], { stdio: ['ignore', 'ignore', 'inherit'] });
  while (!existsSync(log)) await sleep(100);
  await sleep(1000);
  execFileSync('auditctl', ['-b', '8192'], { stdio: 'ignore' });
  execFileSync('auditctl', ['-a', 'always,exit', '-F', 'arch=b64', '-S', 'execve,execveat'], { stdio: 'ignore' });
  const heard = () => Number(execFileSync('grep', ['-c', 'a1="osquery-bench"', log], { encoding: 'utf8' }).trim());
  let counted = 0;
  const end = async () => {
    counted = heard();
    execFileSync('auditctl', ['-D'], { stdio: 'ignore' });
    await ended(child);
    execFileSync('auditctl', ['-e', '0'], { stdio: 'ignore' });
  };
  return { process: child, heard: () => counted || (statSync(log).size > 1e5 ? heard() : 0), end };
}

/** Counts what was started, and prints nothing for each. */
async function bpftrace(): Promise<Listener> {
  const program = 'tracepoint:sched:sched_process_exec /str(args->filename) == "/bin/true"/ { @n = count(); }';
  const child = spawn('bpftrace', ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout!.on('data', (text: Buffer) => {
    output += text.toString();
  });
  while (!output.includes('Attach')) await sleep(100);
  await sleep(1000);
  const heard = () => Number(/@n: (\d+)/.exec(output)?.[1] ?? 0);
  const end = async () => {
    child.kill('SIGINT');
    await once(child, 'exit');
  };
  return { process: child, heard, end };
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Milliseconds of CPU that the kernel's own thread for audit has taken. */
function kauditd(): number {
  const pid = execFileSync('pgrep', ['-x', 'kauditd'], { encoding: 'utf8' }).trim();
  return usageOf(Number(pid))?.cpuMs ?? 0;
}
