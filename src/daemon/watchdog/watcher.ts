import type { Severity } from '../../loggers/logger.ts';
import { LOOK_SECONDS, type WatchdogLimits } from './limits.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { Respawn } from './respawn.ts';
import { type MainUsage, Suspects } from './suspects.ts';
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
  /** CPU of its main thread in milliseconds. */
  mainMs(): number | undefined;
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

/** What the next worker does without. */
interface Blamed {
  readonly query: string;
  readonly reason: string;
}

/** Seconds that a worker may take to end that was killed, or has said that it leaves: a thread in the kernel can keep it for ever. */
const LAST_SECONDS = 1;

/**
 * Keeps a worker alive and within its limits. Where a query is to blame for what the worker uses, the query is stopped
 * and the worker goes on; where that does not help, or none is, the worker is started anew.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #parts: WatcherParts;
  readonly #respawn: Respawn;
  #blamed: Blamed | undefined;
  #worker: WorkerProcess | undefined;
  #suspects = new Suspects();
  /** Aborted when the worker says that it leaves. */
  #leaving = new AbortController();
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
    let blamed: Blamed | undefined;
    while (!end.aborted) {
      const started = this.#parts.now();
      const worker = this.#parts.start((message) => this.#hear(message));
      this.#worker = worker;
      this.#suspects = new Suspects();
      this.#leaving = new AbortController();
      if (blamed !== undefined) worker.send({ kind: 'denylist', ...blamed });
      const breach = await this.#watch(worker, end);
      const exit = await this.#exit(worker);
      if (end.aborted || this.#done) return exit.code ?? 0;
      // What is wrong from the beginning does not get better by itself: whoever started us should know.
      if (!this.#up && exit.code !== null && exit.code !== 0) return exit.code;
      blamed = this.#blame(exit, breach);
      const ended =
        exit.signal !== null ? `by ${exit.signal}` : exit.code === null ? 'and hangs' : `with code ${exit.code}`;
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
    const stop = AbortSignal.any([end, gone.signal, this.#leaving.signal]);
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
        const guilty = this.#suspects.guilty(breach, this.#withMain(worker, usage));
        if (guilty === undefined || guilty.stopped) {
          say('WARNING', `osqueryd worker (${worker.pid}) stopping: ${breach.message}`);
          this.#blamed = guilty && { query: guilty.query, reason: breach.message };
          await this.#stop(worker, forcedShutdown);
          return breach;
        }
        const { query, runs } = guilty;
        say('WARNING', `osqueryd worker (${worker.pid}) stops scheduled query ${query}: ${breach.message}`);
        worker.send({ kind: runs ? 'stop' : 'denylist', query, reason: breach.message });
        this.#suspects.stopped(query);
        meter.forgive();
        grace = LOOKS_OF_GRACE;
      }
      this.#suspects.looked();
      if (!meter.exceeding) this.#suspects.countAnew();
    }
    if (end.aborted) await this.#stop(worker, alarm);
    return undefined;
  }

  /** What its main thread uses is read only where it matters. */
  #withMain(worker: WorkerProcess, usage: Usage): MainUsage {
    return { ...usage, mainMs: (this.#suspects.logging ? worker.mainMs() : undefined) ?? 0 };
  }

  /**
   * What the next worker does without: the query that used too much and did not stop; where a worker crashed, the query that
   * ran alone. Of two that ran nobody knows which it was.
   */
  #blame(exit: Exit, breach: Breach | undefined): Blamed | undefined {
    if (breach !== undefined) return this.#blamed;
    const query = this.#suspects.alone;
    const crashed = exit.signal !== null && CRASHES.has(exit.signal);
    if (query === undefined || !(crashed || exit.outOfMemory)) return undefined;
    return { query, reason: `the worker ended by ${exit.signal} while it ran` };
  }

  #hear(message: FromWorker): void {
    const suspects = this.#suspects;
    switch (message.kind) {
      case 'begins':
        suspects.begins(message.query);
        return;
      case 'uses':
        suspects.uses(message.query, message.use);
        return;
      case 'logs': {
        const usage = this.#worker?.usage();
        const mainMs = this.#worker?.mainMs();
        const known = usage !== undefined && mainMs !== undefined;
        suspects.logs(message.query, message.use, known ? { ...usage, mainMs } : undefined);
        return;
      }
      case 'ends':
        suspects.ends(message.query, message.use);
        return;
      case 'leaves':
        this.#leaving.abort();
        return;
      case 'done':
        this.#done = true;
        return;
      default:
        if (this.#up) return;
        this.#up = true;
        this.#parts.up();
    }
  }

  /** How it ended. One that has said that it leaves, or was killed, is not waited for for ever. */
  async #exit(worker: WorkerProcess): Promise<Exit> {
    const { promise: given, resolve } = Promise.withResolvers<Exit>();
    const gone = new AbortController();
    void worker.ended.then(() => gone.abort());
    const left = async () => {
      await this.#parts.pause(LAST_SECONDS, gone.signal);
      resolve({ code: null, signal: null });
    };
    if (this.#leaving.signal.aborted) void left();
    else this.#leaving.signal.addEventListener('abort', () => void left());
    return await Promise.race([worker.ended, given]);
  }

  /** Asks it to end, and after so many seconds does not ask any more. */
  async #stop(worker: WorkerProcess, seconds: number): Promise<void> {
    const gone = new AbortController();
    void worker.ended.then(() => gone.abort());
    this.#leaving.signal.addEventListener('abort', () => gone.abort());
    if (this.#leaving.signal.aborted) return;
    if (seconds > 0) {
      worker.kill('SIGTERM');
      await this.#parts.pause(seconds, gone.signal);
      if (gone.signal.aborted) return;
      this.#parts.say('WARNING', `osqueryd worker (${worker.pid}) could not be stopped. Sending kill signal.`);
    }
    worker.kill('SIGKILL');
    // Nobody can do more.
    this.#leaving.abort();
  }
}

function debugLine(pid: number, spentMs: number, memory: number, limits: WatchdogLimits): string {
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(2)}MB`;
  return `pid: ${pid}, cpu: ${spentMs}ms/${limits.cpuMs}ms, memory: ${megabytes(memory)}/${megabytes(limits.memory)}`;
}
