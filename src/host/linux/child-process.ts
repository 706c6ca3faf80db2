import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Of the clock that the kernel counts CPU with: `sysconf(_SC_CLK_TCK)`, 100 on every Linux we know. */
const TICK_MS = 10;

/** How a child ended, and whether the kernel killed processes for want of memory while it lived. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly outOfMemory: boolean;
}

/** A child with a channel for messages. */
export interface Child {
  readonly pid: number;
  usage(): { cpuMs: number; memory: number } | undefined;
  /** CPU of its main thread in milliseconds. */
  mainMs(): number | undefined;
  send(message: object): void;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<ChildExit>;
  /** Lets it run on without us. */
  release(): void;
}

/**
 * Percent that the heap of each thread may grow by before it is looked through: V8's own rule lets it grow to four times its
 * size. With 500 events a second three threads took 103 MB instead of 126, for no more CPU.
 */
const GROWTH = '--heap-growing-percent=20';

/** Threads that share one place to allocate from: glibc's own rule, eight for a processor, let 12 MB lie about. */
const ARENAS = { MALLOC_ARENA_MAX: '1' };

/**
 * Megabytes of each half of the space for new objects. V8's own 16 let a process that runs query after query grow from 62
 * to 126 MB, with as much in use, and made it 4 % faster.
 */
const SEMI_SPACE = '--max-semi-space-size=2';

export interface ChildOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it outlives us, in a session of its own, without our terminal. */
  readonly detached?: boolean;
}

/** Runs this program once more, with the same runtime and its flags. Throws where there is no room for a process. */
export function startSelf(
  args: readonly string[],
  { environment, detached = false }: ChildOptions,
  listener: (message: unknown) => void,
): Child {
  const killedBefore = killedForMemory();
  const child = spawn(
    process.execPath,
    [...new Set([...process.execArgv, SEMI_SPACE, GROWTH]), process.argv[1]!, ...args],
    {
      env: { ...ARENAS, ...process.env, ...environment },
      detached,
      stdio: detached ? ['ignore', 'ignore', 'ignore', 'ipc'] : ['inherit', 'inherit', 'inherit', 'ipc'],
      ...(detached && { cwd: '/' }),
    },
  );
  child.on('message', listener);
  const ended = new Promise<ChildExit>((resolve) => {
    const end = (code: number | null, signal: string | null) =>
      resolve({ code, signal, outOfMemory: signal === 'SIGKILL' && killedForMemory() > killedBefore });
    child.once('exit', end);
    // It never started: there is no memory, or no process id left.
    child.once('error', () => child.pid === undefined && end(null, 'SIGKILL'));
  });
  return {
    pid: child.pid ?? 0,
    usage: () => (child.pid === undefined ? undefined : usageOf(child.pid)),
    mainMs: () => (child.pid === undefined ? undefined : cpuOf(`/proc/${child.pid}/task/${child.pid}/stat`)),
    // One that has ended hears nothing.
    send: (message) => void (child.connected && child.send(message, () => {})),
    kill: (signal) => void child.kill(signal),
    ended,
    release: () => {
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
}

/** Runs a program with our terminal until it ends; its exit code, 127 where there is no such program. */
export function runProgram(command: string, args: readonly string[]): number {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  return status ?? (error === undefined ? 1 : 127);
}

/**
 * CPU and private memory of a process, from `/proc/<pid>/stat` and `statm`: what is resident and not shared with files or
 * other processes. A library or a mapped buffer of the kernel does not count.
 */
export function usageOf(pid: number): { cpuMs: number; memory: number } | undefined {
  try {
    const cpuMs = cpuOf(`/proc/${pid}/stat`);
    if (cpuMs === undefined) return undefined;
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
    return { cpuMs, memory: (resident! - shared!) * pageSize() };
  } catch {
    return undefined;
  }
}

/** CPU of a process or thread that has not ended, from its `stat`. */
function cpuOf(path: string): number | undefined {
  // As UTF-8, whatever the name is: any other encoding takes a buffer of 64 KiB each time, and the watcher looks for ever.
  const stat = ifThere(path, 'utf8');
  // The name in parentheses may hold anything; user and system time are the 12th and 13th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (stat === '' || fields[0] === 'Z') return undefined;
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

export function cores(): number {
  return availableParallelism();
}

let page: number | undefined;

/** Bytes of a page: `KernelPageSize` of our own first mapping, proc(5). */
function pageSize(): number {
  page ??= Number(/^KernelPageSize: +(\d+) kB/m.exec(ifThere('/proc/self/smaps'))?.[1] ?? 4) * 1024;
  return page;
}

/** Processes that the kernel has killed for want of memory: `oom_kill` of `/proc/vmstat`. */
function killedForMemory(): number {
  return Number(/^oom_kill (\d+)$/m.exec(ifThere('/proc/vmstat'))?.[1] ?? 0);
}

function ifThere(path: string, encoding: 'latin1' | 'utf8' = 'latin1'): string {
  try {
    return readFileSync(path, encoding);
  } catch {
    return '';
  }
}
