/** A daemon over a folder of its own, and what it leaves there. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const BIN = join(import.meta.dirname, '../../../bin');
/** Far more than anything takes on a loaded machine. */
const LIMIT_MS = 60_000;

export class DaemonFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'osquery-daemon-'));
  readonly #running: ChildProcess[] = [];

  constructor() {
    mkdirSync(this.at('watched'));
  }

  at(name: string): string {
    return join(this.path, name);
  }

  get flags(): string[] {
    const { path } = this;
    return [
      '--config_path',
      `${path}/osquery.conf`,
      '--database_path',
      `${path}/db`,
      '--pidfile',
      `${path}/pid`,
    ].concat('--logger_path', path);
  }

  /** Writes a configuration, whose intervals are not splayed. */
  configure({ options = {}, ...config }: { readonly options?: object; readonly [key: string]: unknown }): void {
    const own = { schedule_splay_percent: 0, host_identifier: 'specified', specified_identifier: 'host-1', ...options };
    writeFileSync(this.at('osquery.conf'), JSON.stringify({ options: own, ...config }));
  }

  start(...more: string[]): ChildProcess {
    return this.#read(this.#start(more));
  }

  /** The same as somebody else, to whom the folder belongs from then on. */
  startAs(uid: number, ...more: string[]): ChildProcess {
    chownSync(this.path, uid, uid);
    return this.#read(this.#start(more, { uid, gid: uid }));
  }

  /** The same among the mounts of another process. */
  startAmong(mountsOf: number, ...more: string[]): ChildProcess {
    return this.#read(this.#start(more, {}, ['nsenter', '-t', String(mountsOf), '-m']));
  }

  /** Starts one that writes there what others have on standard output and standard error. */
  startWith(output: number, ...more: string[]): ChildProcess {
    return this.#start(more, { stdio: ['ignore', output, output] });
  }

  /** So that nobody waits for room in a pipe. */
  #read(child: ChildProcess): ChildProcess {
    child.stderr!.resume();
    return child;
  }

  #start(more: readonly string[], options: SpawnOptions = {}, through: readonly string[] = []): ChildProcess {
    const all = [...through, process.execPath, join(BIN, 'osqueryd.js'), ...this.flags, ...more];
    const [program, ...args] = all;
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.#running.push(child);
    return child;
  }

  /** Runs a program of ours to its end, with the flags of this folder. */
  run(program: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
    const all = [join(BIN, `${program}.js`), ...args, ...this.flags];
    return spawnSync(process.execPath, all, { encoding: 'utf8', timeout: LIMIT_MS });
  }

  read(name: string): string {
    return existsSync(this.at(name)) ? readFileSync(this.at(name), 'utf8') : '';
  }

  lines(name: string): Record<string, unknown>[] {
    // The last line may still be on its way.
    const text = this.read(name);
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  /** The status logs of all processes so far. */
  get status(): string {
    return readdirSync(this.path)
      .filter((name) => name.startsWith('osqueryd.INFO.'))
      .map((name) => this.read(name))
      .join('');
  }

  /** Looks again and again until there is something. */
  async until<T>(look: () => T | undefined, what: string): Promise<T> {
    for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; ) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${what} did not come; the status log: ${this.status}`);
  }

  untilStatus(pattern: RegExp): Promise<string> {
    return this.until(() => pattern.exec(this.status)?.[0], String(pattern));
  }

  /** The pid in the pid file, as soon as there is one. */
  untilPid(): Promise<number> {
    return this.until(() => Number(this.read('pid')) || undefined, 'the pid file');
  }

  [Symbol.dispose](): void {
    for (const child of this.#running) child.kill('SIGKILL');
    // One in the background, and workers that have lost their watcher.
    for (const pid of processesWith(this.path)) kill(pid);
    rmSync(this.path, { recursive: true });
  }
}

/** Ends a daemon; its exit code. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  const exit = once(child, 'exit');
  child.kill(signal);
  const [code] = await exit;
  return code as number | null;
}

/** Pids of the processes whose command lines have a text. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Children of a process, by `PPid` of proc(5). */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === pid)
    .map(Number);
}

export function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

export function isRunning(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
