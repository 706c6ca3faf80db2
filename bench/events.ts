/**
 * What it costs to hear of programs: so many, the least that can be started, are started as fast as two processes can, both
 * cores busy, while nobody listens (a quarter of them), while the daemon does with eBPF and with audit, and, where they are
 * installed, while Debian's auditd writes the same to its log, and bpftrace counts it.
 *
 *     npm run build && node bench/events.ts [programs, 200000] [sources, "bpf audit audit-8192 auditd bpftrace"]
 *
 * As root, where no audit daemon runs. Rows are counted by a scheduled query: what it has seen once is what counts.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '../src/host/linux/child-process.ts';
import { EventDaemon, type Usage } from './event-daemon.ts';
import { compiled, measured } from './support.ts';

const COUNT = Number(process.argv[2] ?? 200_000);
const SOURCES = (process.argv[3] ?? 'bpf audit audit-8192 auditd bpftrace').split(' ');
const AUDIT = ['--disable_audit=false', '--audit_allow_config'];
const spawner = compiled('spawn');
const program = compiled('nothing', '-static', '-nostdlib');
const folder = mkdtempSync(join(tmpdir(), 'osquery-events-bench-'));

interface Listener {
  usage(): Usage;
  /** What it has heard. */
  heard(): number;
  /** What it says that it has lost, where it does. */
  counted?(): number;
  end(): Promise<void>;
}

const LISTENERS: Readonly<Record<string, () => Promise<Listener>>> = {
  bpf: () => daemon('bpf_process_events', []),
  audit: () => daemon('process_events', AUDIT),
  // The room that Debian's rules ask for.
  'audit-8192': () => daemon('process_events', [...AUDIT, '--audit_backlog_limit=8192']),
  auditd,
  bpftrace,
};

const alone = starts(COUNT / 4);
/** Of the program itself and of who starts it: how fast the machine is at the moment. */
const start = alone.cpu * 4;
console.log(
  '| who listens | heard | missing | counted as lost | programs a second | CPU µs of the listener | % of a start | of kauditd | private MB |',
);
console.log('|---|---|---|---|---|---|---|---|---|');
console.log(`| nobody; a start takes ${micro(start)} | | | | ${rate(alone.wall * 4)} | | | | |`);
for (const source of SOURCES) {
  const listener = await LISTENERS[source]!();
  const [before, kernelBefore] = [listener.usage(), kauditd()];
  const { wall } = starts();
  // Until no more comes.
  for (let last = -1; listener.heard() !== last && listener.heard() < COUNT; await sleep(5000)) last = listener.heard();
  await sleep(1000);
  const [after, kernelAfter] = [listener.usage(), kauditd()];
  const counted = listener.counted?.() ?? '';
  await listener.end();
  const heard = listener.heard();
  const cpu = (after.cpuMs - before.cpuMs) / 1000;
  const share = ((cpu / start) * 100).toFixed(0);
  const kernel = micro((kernelAfter - kernelBefore) / 1000);
  const memory = (after.memory / 1024 / 1024).toFixed(0);
  console.log(
    `| ${source} | ${heard} | ${COUNT - heard} | ${counted} | ${rate(wall)} | ${micro(cpu)} | ${share} | ${kernel} | ${memory} |`,
  );
}
rmSync(folder, { recursive: true });

/** What it takes until all were started, by two processes. */
function starts(count = COUNT) {
  const half = String(count / 2);
  return measured(['/bin/sh', '-c', `${spawner} ${half} ${program} & ${spawner} ${half} ${program}; wait`]);
}

function rate(seconds: number): string {
  return (COUNT / seconds).toFixed(0);
}

function micro(seconds: number): string {
  return ((seconds / COUNT) * 1e6).toFixed(1);
}

async function daemon(table: string, flags: readonly string[]): Promise<Listener> {
  const query = `select count(*) as n from ${table} where cmdline = '${program} osquery-bench'`;
  const drops = `select dropped from osquery_events where type = 'publisher' and dropped > 0`;
  const agent = new EventDaemon(
    { schedule: { n: { query, interval: 2 }, drops: { query: drops, interval: 2, snapshot: true } } },
    [...flags, '--watchdog_level=-1', '--events_max=1000000'],
  );
  await agent.until(/Storing initial results/);
  await sleep(2000);
  let heard = 0;
  return {
    usage: () => agent.usage,
    heard() {
      // Once it has ended, its log is gone.
      heard = Math.max(
        heard,
        agent.rows('n').reduce((sum, { n }) => sum + Number(n), 0),
      );
      return heard;
    },
    counted: () => (agent.snapshots('drops').at(-1) ?? []).reduce((sum, { dropped }) => sum + Number(dropped), 0),
    async end() {
      await agent.end();
      agent[Symbol.dispose]();
    },
  };
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
  return { usage: () => usageOf(child.pid!)!, heard: () => counted || (statSync(log).size > 1e5 ? heard() : 0), end };
}

/** Counts what was started, and prints nothing for each. */
async function bpftrace(): Promise<Listener> {
  const script = `tracepoint:sched:sched_process_exec /str(args->filename) == "${program}"/ { @n = count(); }`;
  // It wants tracefs at its place, where this machine may have nothing.
  const mount =
    'mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing; exec bpftrace -e "$0"';
  const child = spawn('unshare', ['-m', 'sh', '-c', mount, script], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout!.on('data', (text: Buffer) => {
    output += text.toString();
  });
  while (!output.includes('Attach')) {
    if (child.exitCode !== null) throw new Error(`bpftrace: ${output}`);
    await sleep(100);
  }
  await sleep(1000);
  const heard = () => Number(/@n: (\d+)/.exec(output)?.[1] ?? 0);
  const end = async () => {
    child.kill('SIGINT');
    await once(child, 'exit');
  };
  return { usage: () => usageOf(child.pid!)!, heard, end };
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
