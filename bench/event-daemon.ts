import { type ChildProcess, spawn } from 'node:child_process';
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
import { usageOf } from '../src/host/linux/child-process.ts';
import { installed } from './support.ts';

/** Far more than a daemon takes to hear, or to end. */
const LIMIT_MS = 60_000;

export type Cells = Readonly<Record<string, string>>;

/** What the processes of a daemon have taken: milliseconds of CPU, bytes of private memory. */
export interface Usage {
  readonly cpuMs: number;
  readonly memory: number;
}

/** A daemon from the bundle, with a watcher unless flags say otherwise, over a folder of its own. */
export class EventDaemon implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'osquery-events-bench-'));
  readonly #child: ChildProcess;

  constructor(configuration: object, flags: readonly string[]) {
    mkdirSync(join(this.folder, 'log'));
    const options = { schedule_splay_percent: 0 };
    writeFileSync(join(this.folder, 'osquery.conf'), JSON.stringify({ options, ...configuration }));
    const paths = [`--config_path=${this.folder}/osquery.conf`, `--database_path=${this.folder}/db`];
    const own = [`--logger_path=${this.folder}/log`, `--pidfile=${this.folder}/pid`];
    const program = join(installed(), '../osqueryd.js');
    this.#child = spawn(process.execPath, [program, ...paths, ...own, ...flags], { stdio: 'ignore' });
  }

  /** The watcher, if there is one, and all workers that run. */
  get pids(): number[] {
    return [this.#child.pid!, ...childrenOf(this.#child.pid!)];
  }

  /** Of all of them. */
  get usage(): Usage {
    const all = this.pids.map((pid) => usageOf(pid) ?? { cpuMs: 0, memory: 0 });
    return {
      cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      memory: all.reduce((sum, { memory }) => sum + memory, 0),
    };
  }

  /** The status logs of all workers. */
  get status(): string {
    const names = readdirSync(join(this.folder, 'log')).filter((name) => name.startsWith('osqueryd.INFO.'));
    return names.map((name) => readFileSync(join(this.folder, 'log', name), 'utf8')).join('');
  }

  /** Bytes of the store of events, with what is yet to be written into it. */
  get storeSize(): number {
    const files = readdirSync(this.folder, { recursive: true }).map(String);
    return files
      .filter((name) => /events\.sqlite/.test(name))
      .reduce((sum, name) => sum + (statSync(join(this.folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  /** What a query has logged so far: rows that were added, or snapshots. */
  rows(name: string): Cells[] {
    return this.#lines('osqueryd.results.log', name).map(({ columns }) => columns as Cells);
  }

  snapshots(name: string): Cells[][] {
    return this.#lines('osqueryd.snapshots.log', name).map(({ snapshot }) => snapshot as Cells[]);
  }

  async until(pattern: RegExp): Promise<void> {
    for (const deadline = Date.now() + LIMIT_MS; !pattern.test(this.status); await sleep(100)) {
      if (Date.now() > deadline) throw new Error(`${pattern} did not come:\n${this.status}`);
    }
  }

  async end(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #lines(file: string, name: string): Record<string, unknown>[] {
    const path = join(this.folder, 'log', file);
    if (!existsSync(path)) return [];
    const text = readFileSync(path, 'utf8');
    // The last line may be on its way.
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    return lines
      .filter((line) => line.includes(`"name":"${name}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}
