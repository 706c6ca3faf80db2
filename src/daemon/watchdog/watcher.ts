import type { Severity } from '../../loggers/logger.ts';
import { LOOK_SECONDS, type WatchdogLimits } from './limits.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { Respawn } from './respawn.ts';
import { type Breach, type Usage, UsageMeter } from './usage-meter.ts';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The kernel killed processes for want of memory while this one lived. */
  readonly outOfMemory?: boolean;
}

/** A worker that runs. */
export interface WorkerProcess {
  readonly pid: number;
  /** Undefined once it has ended. */
  usage(): Usage | undefined;
  send(message: ToWorker): void;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGHUP'): void;
  readonly ended: Promise<Exit>;
}

export interface WatcherOptions {
  readonly limits: WatchdogLimits;
  /** Seconds; the flags `--watchdog_delay`, `--watchdog_forced_shutdown_delay`, `--watchdog_max_delay`, `--alarm_timeout`. */
  readonly delay: number;
  readonly forcedShutdown: number;
  readonly maxDelay: number;
  readonly alarm: number;
  /** Whether to say what each look found. */
  readonly debug: boolean;
}

export interface WatcherParts {
  start(listener: (message: FromWorker) => void): WorkerProcess;
  /** Seconds of a clock that never goes back. */
  now(): number;
  /** Until so many seconds are over, or `stop` says so. */
  pause(seconds: number, stop?: AbortSignal): Promise<void>;
  say(severity: Severity, message: string): void;
  /** The first worker is up. */
  up(): void;
}

/** Signals by which a program dies of its own fault; V8 ends with SIGABRT or SIGTRAP where memory is out. */
const CRASHES: ReadonlySet<string> = new Set(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGTRAP']);

/** Looks for which a breach is borne with after its query was stopped: memory comes back, and a mean falls. */
const LOOKS_OF_GRACE = 2;

/** The query of a worker: the one that runs, or ended since the last look. */
interface Suspect {
  readonly query: string;
  readonly begun: Usage | undefined;
  ended: boolean;
  /** It was told to stop. */
  stopped: boolean;
}

/**
 * Keeps a worker alive and within its limits. Where a query is to blame for what the worker uses, the query is stopped
 * and the worker goes on; where that does not help, or none is, the worker is started anew.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #parts: WatcherParts;
  readonly #respawn: Respawn;
  #worker: WorkerProcess | undefined;
  #suspect: Suspect | undefined;
  #up = false;
  #done = false;

  constructor(options: WatcherOptions, parts: WatcherParts) {
    this.#options = options;
    this.#parts = parts;
    this.#respawn = new Respawn(options.maxDelay);
  }

  /** Has the worker read its configuration again. */
  reload(): void {
    this.#worker?.kill('SIGHUP');
  }

  /** Until `end`, or until a worker ends for good; the exit code. */
  async run(end: AbortSignal): Promise<number> {
    let blamed: { readonly query: string; readonly reason: string } | undefined;
    while (!end.aborted) {
      const started = this.#parts.now();
      const worker = this.#parts.start((message) => this.#hear(message));
      this.#worker = worker;
      this.#suspect = undefined;
      if (blamed !== undefined) worker.send({ kind: 'denylist', ...blamed });
      const breach = await this.#watch(worker, end);
      const exit = await worker.ended;
      if (end.aborted || this.#done) return exit.code ?? 0;
      // What is wrong from the beginning does not get better by itself: whoever started us should know.
      if (!this.#up && exit.code !== null && exit.code !== 0) return exit.code;
      blamed = this.#blame(exit, breach);
      const ended = exit.signal === null ? `with code ${exit.code}` : `by ${exit.signal}`;
      if (breach === undefined) this.#parts.say('ERROR', `osqueryd worker (${worker.pid}) ended ${ended}`);
      const wait = this.#respawn.after(this.#parts.now() - started, breach !== undefined);
      if (wait > 0) {
        this.#parts.say(
          'WARNING',
          `osqueryd worker respawning too quickly: ${this.#respawn.quick} times; the next in ${wait} s`,
        );
        await this.#parts.pause(wait, end);
      }
    }
    return 0;
  }

  /** Until the worker ends; the breach for which it was stopped. */
  async #watch(worker: WorkerProcess, end: AbortSignal): Promise<Breach | undefined> {
    const { limits, delay, debug, forcedShutdown, alarm } = this.#options;
    const { now, pause, say } = this.#parts;
    const meter = new UsageMeter(limits);
    const gone = new AbortController();
    void worker.ended.then(() => gone.abort());
    const stop = AbortSignal.any([end, gone.signal]);
    const started = now();
    let grace = 0;
    let last = 0;
    while (!stop.aborted) {
      await pause(LOOK_SECONDS, stop);
      const usage = stop.aborted ? undefined : worker.usage();
      if (usage === undefined) continue;
      const breach = meter.look(usage);
      if (debug) say('INFO', debugLine(worker.pid, usage.cpuMs - last, meter.grown, limits));
      last = usage.cpuMs;
      grace -= 1;
      if (breach !== undefined && now() - started >= delay && grace < 0) {
        const query = this.#guilty(breach, usage);
        if (query === undefined) {
          say('WARNING', `osqueryd worker (${worker.pid}) stopping: ${breach.message}`);
          await this.#stop(worker, forcedShutdown);
          return breach;
        }
        say('WARNING', `osqueryd worker (${worker.pid}) stops scheduled query ${query}: ${breach.message}`);
        worker.send({ kind: 'stop', query, reason: breach.message });
        this.#suspect!.stopped = true;
        meter.forgive();
        grace = LOOKS_OF_GRACE;
      }
      if (this.#suspect?.ended) this.#suspect = undefined;
    }
    if (end.aborted) await this.#stop(worker, alarm);
    return undefined;
  }

  /** The query that runs, if at least half of the excess came with it. */
  #guilty({ kind, amount }: Breach, usage: Usage): string | undefined {
    const suspect = this.#suspect;
    if (suspect?.begun === undefined || suspect.ended || suspect.stopped) return undefined;
    const { query, begun } = suspect;
    const own = kind === 'cpu' ? usage.cpuMs - begun.cpuMs : usage.memory - begun.memory;
    return own * 2 >= amount ? query : undefined;
  }

  /** What the next worker does without: the query that ran when the last one went too far, or just before. */
  #blame(exit: Exit, breach: Breach | undefined): { query: string; reason: string } | undefined {
    const suspect = this.#suspect;
    if (suspect === undefined) return undefined;
    if (breach !== undefined) return { query: suspect.query, reason: breach.message };
    if (suspect.ended) return undefined;
    const crashed = exit.signal !== null && CRASHES.has(exit.signal);
    if (crashed || exit.outOfMemory) {
      return { query: suspect.query, reason: `the worker ended by ${exit.signal} while it ran` };
    }
    return undefined;
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'begins') {
      this.#suspect = { query: message.query, begun: this.#worker?.usage(), ended: false, stopped: false };
    } else if (message.kind === 'ends') {
      if (this.#suspect?.query === message.query) this.#suspect.ended = true;
    } else if (message.kind === 'done') this.#done = true;
    else if (!this.#up) {
      this.#up = true;
      this.#parts.up();
    }
  }

  /** Asks it to end, and after so many seconds does not ask any more. */
  async #stop(worker: WorkerProcess, seconds: number): Promise<void> {
    const gone = new AbortController();
    void worker.ended.then(() => gone.abort());
    if (seconds > 0) {
      worker.kill('SIGTERM');
      await this.#parts.pause(seconds, gone.signal);
      if (gone.signal.aborted) return;
      this.#parts.say('WARNING', `osqueryd worker (${worker.pid}) could not be stopped. Sending kill signal.`);
    }
    worker.kill('SIGKILL');
    await worker.ended;
  }
}

function debugLine(pid: number, spentMs: number, memory: number, limits: WatchdogLimits): string {
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(2)}MB`;
  return `pid: ${pid}, cpu: ${spentMs}ms/${limits.cpuMs}ms, memory: ${megabytes(memory)}/${megabytes(limits.memory)}`;
}
