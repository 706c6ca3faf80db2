import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Programs made for the run and gone with it. */
const workshop = mkdtempSync(join(tmpdir(), 'osquery-bench-'));
process.once('SIGINT', () => process.exit(130));
process.once('exit', () => rmSync(workshop, { recursive: true, force: true }));

/** A C program of `bench/native`, compiled. */
export function compiled(name: string, ...flags: readonly string[]): string {
  const program = join(workshop, name);
  execFileSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'native', `${name}.c`), ...flags]);
  return program;
}

/** `osqueryi` as the published package installs it: the bundle, its cache of compiled code beside it. */
export function installed(): string {
  if (!existsSync(join(root, 'dist/osqueryi.js'))) throw new Error('no dist/osqueryi.js; run: npm run build');
  const home = join(workshop, 'package');
  if (!existsSync(home)) {
    for (const part of ['bin', 'dist', 'package.json']) cpSync(join(root, part), join(home, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  }
  return join(home, 'bin/osqueryi.js');
}

export interface Measured {
  /** Seconds. */
  readonly wall: number;
  readonly cpu: number;
  /** Bytes. */
  readonly resident: number;
}

let measure: string | undefined;

/** One run of a whole program, its output thrown away. Fails if the program does. */
export function measured(command: readonly string[]): Measured {
  measure ??= compiled('measure');
  const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}` };
  const { output, error } = spawnSync(measure, command, {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
  });
  if (error) throw error;
  const [wall, cpu, kibibytes, code] = output[3]!.trim().split(' ').map(Number) as [number, number, number, number];
  if (code !== 0) throw new Error(`${command.join(' ')}: exit code ${code}`);
  return { wall, cpu, resident: kibibytes * 1024 };
}

/**
 * Runs programs in turn, so that what else the machine does falls on all alike, and prints for each the median of its wall
 * and CPU times, the least memory, and its wall time as a ratio to the first. The first run of each reads the disk.
 */
export function race(title: string, runs: number, programs: Readonly<Record<string, readonly string[]>>): void {
  const results = new Map(Object.keys(programs).map((name) => [name, [] as Measured[]]));
  for (let run = 0; run <= runs; run++) {
    for (const [name, command] of Object.entries(programs)) {
      const result = measured(command);
      if (run > 0) results.get(name)!.push(result);
    }
  }
  console.log(`\n${title}\n`);
  console.log('| | wall ms | CPU ms | MB | ratio |\n|---|---|---|---|---|');
  let first: number | undefined;
  for (const [name, all] of results) {
    const wall = median(all.map((one) => one.wall));
    first ??= wall;
    const memory = Math.min(...all.map(({ resident }) => resident)) / 1e6;
    const cpu = median(all.map((one) => one.cpu));
    console.log(
      `| ${name} | ${(wall * 1e3).toFixed(0)} | ${(cpu * 1e3).toFixed(0)} | ${memory.toFixed(0)} | ${(wall / first).toFixed(2)} |`,
    );
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
