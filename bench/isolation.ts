/**
 * What queries that go wrong cost the others: 20 good queries every second beside, in turn, nothing, an endless query, a memory
 * bomb, 19 of them, a hung mount, a hung file of a home, 40 processes with 5 MB of arguments.
 *
 *     npm run build && node bench/isolation.ts [--seconds 60] [--turns endless,bombs]
 *
 * Prints for each turn how many of the good runs came in their second, the worst gap between two runs of a query, how much
 * the worker grew at most and what it may, and which queries were put aside. Exits with 1 where fewer than 99 % are on time, the
 * limit is exceeded or a query is put aside that did no harm. Mounts need root.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { usageOf } from '../src/host/linux/child-process.ts';
import { installed } from './support.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, turns: { type: 'string', default: '' } },
});
const seconds = Number(values.seconds);
const program = join(installed(), '../osqueryd.js');
const DEAD_SERVER = join(import.meta.dirname, '../tests/e2e/support/dead-server.ts');
const GOOD = 20;
/** Of the watchdog's level 0. */
const LIMIT_MB = 200;
const ENDLESS = 'with recursive c(x) as (select 1 union all select x + 1 from c)';

interface Turn {
  readonly schedule: Readonly<Record<string, object>>;
  /** Whether a file server dies. */
  readonly dead?: boolean;
  /** Whether its queries are not to blame for what they meet. */
  readonly innocent?: boolean;
  /** What there is beside the daemon. */
  readonly beside?: () => ChildProcess[];
}

const folder = mkdtempSync(join(tmpdir(), 'osquery-isolation-'));
const dead = join(folder, 'dead');
const home = join(folder, 'home');
mkdirSync(dead);
mkdirSync(home);
symlinkSync(join(dead, 'key'), join(home, 'id_rsa'));

const turns: Readonly<Record<string, Turn>> = {
  nothing: { schedule: {} },
  endless: { schedule: { endless: { query: `${ENDLESS} select count(*) from c`, interval: 1 } } },
  bomb: { schedule: { bomb: { query: bomb(0), interval: 1 } } },
  bombs: {
    schedule: Object.fromEntries(
      Array.from({ length: 19 }, (_, i) => [`bomb${i}`, { query: bomb(i), interval: 1 + (i % 7) }]),
    ),
  },
  mount: {
    dead: true,
    innocent: true,
    schedule: { dead: { query: `select size from file where path = '${dead}/x'`, interval: 2 } },
  },
  home: {
    dead: true,
    innocent: true,
    schedule: { dead: { query: `select sha256 from hash where path = '${home}/id_rsa'`, interval: 2 } },
  },
  arguments: {
    innocent: true,
    schedule: { processes: { query: 'select pid, cmdline from processes', interval: 5 } },
    beside: () => Array.from({ length: 40 }, withLongArguments),
  },
};

let failed = false;
const seen = new Map<number, number>();
console.log('turn        on time   worst gap   grew at most   put aside');
for (const name of values.turns === '' ? Object.keys(turns) : values.turns.split(',')) await take(name, turns[name]!);
rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);

/** SQLite's memory, rows, V8's strings, large cells. */
function bomb(i: number): string {
  switch (i % 4) {
    case 0:
      return `${ENDLESS} select group_concat(hex(zeroblob(100000)), '') from c`;
    case 1:
      return `${ENDLESS} select x, hex(zeroblob(500)) from c`;
    case 2:
      return `select count(*) from (${ENDLESS} select x, hex(randomblob(100)) as y from c limit 100000000) order by y`;
    default:
      return `${ENDLESS} select hex(zeroblob(3000000)) from c`;
  }
}

/** A shell that waits, with 5 MB of arguments. */
function withLongArguments(): ChildProcess {
  const script = 'ulimit -s 65536; exec sh -c "read x" sh $(head -c 5000000 /dev/zero | tr "\\0" a | fold -w 100000)';
  return spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
}

async function take(
  name: string,
  { schedule, dead: mounts = false, innocent = false, beside = () => [] }: Turn,
): Promise<void> {
  const at = join(folder, `turn-${name}`);
  mkdirSync(at);
  const good = Array.from({ length: GOOD }, (_, i) => [
    `good${i}`,
    { query: `select ${i}, unix_time from time`, interval: 1, snapshot: true },
  ]);
  const configuration = {
    options: { schedule_splay_percent: 0 },
    schedule: { ...Object.fromEntries(good), ...schedule },
  };
  writeFileSync(join(at, 'conf'), JSON.stringify(configuration));
  const others = beside();
  const files = [`--config_path=${at}/conf`, `--database_path=${at}/db`, `--logger_path=${at}`, `--pidfile=${at}/pid`];
  const daemon = [program, ...files, '--logger_min_status=0', '--logger_stderr=false'];
  const args = mounts ? [DEAD_SERVER, dead, 'pending', process.execPath, ...daemon] : daemon;
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await sleep(5000);
  const from = Math.floor(Date.now() / 1000);
  // As the watchdog counts: beyond what a worker has at the first look, three seconds after its start.
  const first = new Map<number, number>();
  let grown = 0;
  while (Date.now() / 1000 < from + seconds) {
    const worker = descendantsOf(child.pid!).at(-1);
    const used = worker === undefined ? undefined : usageOf(worker);
    if (worker !== undefined && used !== undefined && performance.now() - seenAt(worker) > 3000) {
      if (!first.has(worker)) first.set(worker, used.memory);
      grown = Math.max(grown, used.memory - first.get(worker)!);
    }
    await sleep(200);
  }
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
  for (const other of others) other.kill('SIGKILL');
  report(name, at, from, grown, innocent ? [] : Object.keys(schedule));
}

/** When a worker was first seen. */
function seenAt(worker: number): number {
  const at = seen.get(worker) ?? performance.now();
  seen.set(worker, at);
  return at;
}

function report(name: string, at: string, from: number, grown: number, harmful: readonly string[]): void {
  const times = new Map<string, number[]>();
  for (const line of read(join(at, 'osqueryd.snapshots.log')).split('\n').filter(Boolean)) {
    const { name: query, unixTime } = JSON.parse(line) as { name: string; unixTime: number };
    if (!query.startsWith('good') || unixTime < from || unixTime >= from + seconds) continue;
    times.set(query, [...(times.get(query) ?? [from]), unixTime]);
  }
  const runs = [...times.values()].reduce((sum, found) => sum + new Set(found).size, 0);
  const gaps = [...times.values()].flatMap((found) =>
    [...found, from + seconds].map((time, i) => time - (found[i - 1] ?? time)),
  );
  const share = (100 * runs) / (seconds * GOOD);
  const status = readdirSync(at)
    .filter((file) => file.startsWith('osqueryd.INFO.'))
    .map((file) => read(join(at, file)));
  const aside = new Set(
    [...status.join('').matchAll(/Scheduled query (\S+) is denylisted/g)].map(([, query]) => query!),
  );
  const megabytes = grown / 1024 / 1024;
  const wrong = share < 99 || megabytes > LIMIT_MB || [...aside].some((query) => !harmful.includes(query));
  failed ||= wrong;
  const texts = [`${share.toFixed(1)} %`, `${Math.max(...gaps)} s`, `${megabytes.toFixed(0)} of ${LIMIT_MB} MB`];
  console.log(
    name.padEnd(12) +
      texts.map((text, i) => text.padEnd([10, 12, 15][i]!)).join('') +
      ([...aside].join(' ') || 'nobody'),
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Pids of all that a process has started, the last generation last. */
function descendantsOf(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
  return [...children, ...children.flatMap(descendantsOf)];
}
