import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
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
const PIECE = 1024 * 1024;

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
    return this.#lines('osqueryd.results.log', name)
      .map(({ columns }) => columns as Cells)
      .toArray();
  }

  /** How many of the rows. */
  count(name: string, which: (row: Cells) => boolean): number {
    return this.#lines('osqueryd.results.log', name).reduce(
      (sum, { columns }) => sum + Number(which(columns as Cells)),
      0,
    );
  }

  snapshots(name: string): Cells[][] {
    return this.#lines('osqueryd.snapshots.log', name)
      .map(({ snapshot }) => snapshot as Cells[])
      .toArray();
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

  /** A piece at a time: an hour of lines is more than a text can be long. */
  *#lines(file: string, name: string): Generator<Record<string, unknown>> {
    const path = join(this.folder, 'log', file);
    if (!existsSync(path)) return;
    const fd = openSync(path, 'r');
    const piece = Buffer.allocUnsafe(PIECE);
    let rest = '';
    try {
      for (let length = readSync(fd, piece); length > 0; length = readSync(fd, piece)) {
        const lines = (rest + piece.toString('latin1', 0, length)).split('\n');
        // The last line may be on its way.
        rest = lines.pop()!;
        for (const line of lines) {
          if (!line.includes(`"name":"${name}"`)) continue;
          yield JSON.parse(Buffer.from(line, 'latin1').toString()) as Record<string, unknown>;
        }
      }
    } finally {
      closeSync(fd);
    }
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
