/**
 * Files that are made in a large tree, heard with fanotify, with inotify and by inotifywait(1): how long until the tree is
 * watched, how much memory that takes, how many of the changes are heard.
 *
 *     npm run build && node bench/file-events.ts [files, 100000] [directories, 50000] [sources, "fanotify inotify inotifywait"] [level, -1]
 *
 * As root. `level` is that of the watchdog: -1 stops nothing, 0 is the daemon's default. `find` walks the same tree.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '../src/host/linux/child-process.ts';
import { EventDaemon } from './event-daemon.ts';
import { compiled, measured } from './support.ts';

const FILES = Number(process.argv[2] ?? 100_000);
const DIRECTORIES = Number(process.argv[3] ?? 50_000);
const SOURCES = (process.argv[4] ?? 'fanotify inotify inotifywait').split(' ');
const LEVEL = Number(process.argv[5] ?? -1);
/** Who has heard nothing for so long has heard all: within the watchdog's limit a look at a large tree takes its time. */
const QUIET_MS = 20_000;
const MB = 1024 * 1024;
const tree = compiled('tree');

interface Listener {
  /** Of what hears; of a daemon with its watcher. */
  readonly usage: () => { readonly cpuMs: number; readonly memory: number };
  /** Files of which it has heard that they were made, and more than once. */
  heard(): { readonly once: number; readonly again: number };
  said(): string;
  end(): Promise<void>;
}

console.log(
  '| | watched after, s | private MB then | files/s | heard | twice | CPU µs a file | most private MB | said |',
);
console.log('|---|---|---|---|---|---|---|---|---|');
for (const source of SOURCES) {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-tree-'));
  const top = join(folder, 'top');
  mkdirSync(top);
  run('make', top, String(DIRECTORIES));
  const begun = performance.now();
  const listener = await (source === 'inotifywait' ? inotifywait(top) : daemon(top, source));
  const watched = (performance.now() - begun) / 1000;
  await sleep(2000);
  const before = listener.usage();
  let most = before.memory;
  const changing = spawn(tree, ['change', top, String(DIRECTORIES), String(FILES)], { stdio: 'inherit' });
  const started = performance.now();
  const ended = once(changing, 'exit');
  while (changing.exitCode === null) {
    await Promise.race([sleep(200), ended]);
    most = Math.max(most, listener.usage().memory);
  }
  const took = (performance.now() - started) / 1000;
  for (let last = -1; listener.heard().once !== last; await sleep(QUIET_MS)) {
    last = listener.heard().once;
    most = Math.max(most, listener.usage().memory);
  }
  const cpu = ((listener.usage().cpuMs - before.cpuMs) * 1000) / FILES;
  const { once: heard, again } = listener.heard();
  const cells = [watched.toFixed(1), (before.memory / MB).toFixed(0), (FILES / took).toFixed(0), heard, again];
  console.log(`| ${source} | ${[...cells, cpu.toFixed(0), (most / MB).toFixed(0)].join(' | ')} | ${listener.said()} |`);
  await listener.end();
  rmSync(folder, { recursive: true });
}
const walked = mkdtempSync(join(tmpdir(), 'osquery-tree-'));
run('make', walked, String(DIRECTORIES));
console.log(`\nfind: ${measured(['find', walked, '-type', 'd']).wall.toFixed(1)} s`);
rmSync(walked, { recursive: true });

function run(...args: string[]): void {
  const { status } = spawnSync(tree, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`tree ${args.join(' ')}: ${status}`);
}

function counted(paths: readonly string[]): { once: number; again: number } {
  const known = new Set(paths);
  return { once: known.size, again: paths.length - known.size };
}

async function daemon(top: string, source: string): Promise<Listener> {
  const query = "select target_path from file_events where action = 'CREATED' and target_path like '%/file-%'";
  const agent = new EventDaemon({ schedule: { files: { query, interval: 2 } }, file_paths: { top: [`${top}/%%`] } }, [
    '--enable_file_events',
    `--disable_fanotify=${source === 'inotify'}`,
    '--events_max=1000000',
    '--events_max_bytes=1000000000',
    `--watchdog_level=${LEVEL}`,
  ]);
  await agent.until(/inotify: started/);
  if (source === 'inotify') while (Math.max(...agent.pids.map(watches)) < DIRECTORIES) await sleep(50);
  return {
    usage: () => agent.usage,
    heard: () => counted(agent.rows('files').map((row) => row['target_path']!)),
    said: () => [...new Set(agent.status.match(/(?<=\] )inotify: .*(lost|not watched).*/g) ?? [])].join(', '),
    async end() {
      await agent.end();
      agent[Symbol.dispose]();
    },
  };
}

/** What a process watches, as proc(5) shows it. */
function watches(pid: number): number {
  const folder = `/proc/${pid}/fdinfo`;
  return readdirSync(folder).reduce((sum, fd) => {
    try {
      return sum + (readFileSync(join(folder, fd), 'latin1').match(/^inotify wd/gm)?.length ?? 0);
    } catch {
      return sum;
    }
  }, 0);
}

async function inotifywait(top: string): Promise<Listener> {
  const args = ['-m', '-r', '-e', 'create', '--format', '%w%f', top];
  const child: ChildProcess = spawn('inotifywait', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const paths: string[] = [];
  let rest = '';
  child.stdout!.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.includes('/file-')) paths.push(line);
  });
  let said = '';
  child.stderr!.on('data', (data: Buffer) => {
    said += data.toString();
  });
  while (!said.includes('Watches established')) await sleep(50);
  return {
    usage: () => usageOf(child.pid!) ?? { cpuMs: 0, memory: 0 },
    heard: () => counted(paths),
    said: () =>
      said
        .split('\n')
        .filter((line) => /overflow|error/i.test(line))
        .join(', '),
    async end() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
