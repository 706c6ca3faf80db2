import type { ScanFailure, ScanOutcome } from '../schema/yara-match.ts';
import type { FromScanner, ToScanner } from './messages.ts';

/** A thread, as `Worker` is one. */
export interface ScannerThread {
  on(event: 'message', listener: (message: FromScanner) => void): unknown;
  on(event: 'error', listener: (cause: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  postMessage(message: ToScanner): void;
  terminate(): Promise<unknown>;
  /** Nobody waits for it any more. */
  unref(): void;
  /** Asked now and then while it has something to do: if it hangs in the kernel, what it does there. */
  hangs?(): string | undefined;
}

export interface ScannerParts {
  /** Starts a thread that has these groups. */
  start(groups: readonly string[]): ScannerThread;
  /** Whether another thread may be started: too many may hang. */
  canStart(): boolean;
  readonly groups: readonly string[];
  readonly say: (message: string) => void;
  /** Milliseconds of one scan, and in which a group is compiled, or the thread comes up. */
  readonly scanMs: number;
  readonly compileMs: number;
  /** After a scan there is rest, so many times as long as it took. */
  readonly rest: number;
  /** Whether a thread that has nothing to do for long gives back its memory. */
  readonly endsIdle: boolean;
  /** A thread has ended: what was its memory may be given back. */
  readonly ended: () => void;
}

/** After a failure, at least: a thread that does not come up would be started again and again. */
const FAILURE_REST_MS = 1000;
const MAX_REST_MS = 60_000;
/** A thread ends when it was idle for so long; one that needs longer to start stays, it would cost too much. */
const IDLE_MS = 60_000;
const SLOW_START_MS = 3000;
/** Scans of one thread: each leaves some hundred bytes behind. */
const MAX_SCANS = 50_000;

/** How often it is looked whether it hangs. */
const LOOK_MS = 500;
/** How long an end is waited for: one that hangs in the kernel never comes to it. */
const END_MS = 500;

/** What the thread is about. */
type Work =
  | { readonly kind: 'start' }
  | { readonly kind: 'compile'; readonly group: string }
  | { readonly kind: 'scan' }
  | { readonly kind: 'nothing' };

/**
 * Scans files in a thread, one after the other. What goes beyond its time or memory costs the thread its life: a scan fails
 * then, a group of rules is put aside, and a new thread goes on with the others.
 */
export class YaraScanner {
  readonly #parts: ScannerParts;
  readonly #aside = new Set<string>();
  #thread: ScannerThread | undefined;
  #startedMs = 0;
  #startTook = 0;
  #scans = 0;
  #work: Work = { kind: 'nothing' };
  #began = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #resting: { readonly timer: NodeJS.Timeout; readonly end: () => void } | undefined;
  #asked: { readonly message: ToScanner; readonly settle: (outcome: ScanOutcome) => void } | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #next = 1;
  #closed = false;

  /** Begins to compile: what is wrong with rules is said at once. */
  constructor(parts: ScannerParts) {
    this.#parts = parts;
    this.#begin();
  }

  /** Never rejects. */
  scan(path: string, groups: readonly string[]): Promise<ScanOutcome> {
    const outcome = this.#queue.then(() => this.#scan(path, groups));
    this.#queue = outcome.then((its) => this.#rest(its));
    return outcome;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const thread = this.#drop();
    this.#resting?.end();
    this.#answer(failure('failed', 'the agent ends'));
    if (thread === undefined) return;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, END_MS);
    await Promise.race([terminate(thread), late]);
    clearTimeout(timer);
  }

  #scan(path: string, groups: readonly string[]): Promise<ScanOutcome> {
    if (this.#closed) return Promise.resolve(failure('failed', 'the agent ends'));
    if (this.#thread === undefined && !this.#parts.canStart()) {
      return Promise.resolve(failure('failed', 'threads that scan hang'));
    }
    clearTimeout(this.#idle);
    const { promise, resolve } = Promise.withResolvers<ScanOutcome>();
    const message = { id: this.#next++, path, groups };
    this.#asked = { message, settle: resolve };
    const thread = this.#thread;
    if (thread === undefined) this.#begin();
    else thread.postMessage(message);
    return promise;
  }

  #begin(): void {
    const groups = this.#parts.groups.filter((group) => !this.#aside.has(group));
    const thread = this.#parts.start(groups);
    this.#thread = thread;
    this.#startedMs = performance.now();
    this.#scans = 0;
    this.#set({ kind: 'start' }, this.#parts.compileMs);
    thread.on('message', (message) => {
      if (this.#thread === thread) this.#hear(message);
    });
    thread.on('error', (cause) => {
      if (this.#thread === thread) this.#lose('failed', reasonOf(cause));
    });
    thread.on('exit', () => {
      if (this.#thread === thread) this.#lose('failed', 'its thread ended');
    });
    if (this.#asked !== undefined) thread.postMessage(this.#asked.message);
  }

  #hear(message: FromScanner): void {
    if (message.kind === 'sandbox') return;
    if (message.kind === 'complains') this.#parts.say(message.message);
    else if (message.kind === 'compiles') this.#set({ kind: 'compile', group: message.group }, this.#parts.compileMs);
    else if (message.kind === 'scans') this.#set({ kind: 'scan' }, this.#parts.scanMs);
    else if (message.kind === 'ready') {
      this.#startTook = performance.now() - this.#startedMs;
      this.#set({ kind: 'nothing' });
      if (this.#asked === undefined) this.#endWhenIdle();
    } else if (message.id === this.#asked?.message.id) this.#answer(message.outcome);
  }

  /** Sees to it that what begins now ends in time. */
  #set(work: Work, milliseconds?: number): void {
    this.#endLooks();
    this.#work = work;
    this.#began = performance.now();
    if (milliseconds === undefined) return;
    this.#looking = setInterval(() => {
      const call = this.#thread?.hangs?.();
      if (call !== undefined) this.#lose('took too long', call);
    }, LOOK_MS).unref();
    const late = () => this.#lose('took too long', `took longer than ${milliseconds / 1000} s`);
    this.#timer = setTimeout(late, milliseconds).unref();
  }

  #lose(cause: ScanFailure, reason: string): void {
    const work = this.#work;
    this.#end();
    if (work.kind === 'compile') {
      this.#aside.add(work.group);
      this.#parts.say(`group ${work.group} is put aside: to compile it ${reason}`);
      // The others, and what was asked.
      if (this.#parts.canStart()) {
        this.#begin();
        return;
      }
    }
    if (work.kind === 'start') this.#parts.say(`cannot scan: ${reason}`);
    this.#answer(failure(cause, reason));
  }

  #end(): void {
    const thread = this.#drop();
    if (thread !== undefined) void terminate(thread).then(this.#parts.ended);
  }

  #drop(): ScannerThread | undefined {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#endLooks();
    clearTimeout(this.#idle);
    return thread;
  }

  #answer(outcome: ScanOutcome): void {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#endLooks();
    asked?.settle(outcome);
  }

  #endLooks(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#looking);
  }

  async #rest(outcome: ScanOutcome): Promise<void> {
    if (this.#closed) return;
    const took = performance.now() - this.#began;
    const least = outcome.kind === 'failed' && outcome.cause !== 'file too large' ? FAILURE_REST_MS : 0;
    this.#work = { kind: 'nothing' };
    await new Promise<void>((end) => {
      this.#resting = { timer: setTimeout(end, Math.min(Math.max(took * this.#parts.rest, least), MAX_REST_MS)), end };
    });
    clearTimeout(this.#resting?.timer);
    this.#resting = undefined;
    this.#scans += 1;
    if (this.#scans >= MAX_SCANS) this.#end();
    else this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    clearTimeout(this.#idle);
    if (!this.#parts.endsIdle || this.#startTook > SLOW_START_MS) return;
    this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
  }
}

/** Ends a thread; the process does not go on for its sake. */
function terminate(thread: ScannerThread): Promise<unknown> {
  const ended = thread.terminate();
  // That it is to end has Node wait for it.
  thread.unref();
  return ended;
}

function failure(cause: ScanFailure, reason: string): ScanOutcome {
  return { kind: 'failed', cause, reason };
}

/** What ended a thread by itself: an error of WebAssembly is its memory at the bound, or its stack. */
function reasonOf(cause: Error): string {
  if ((cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') return 'needs too much memory';
  return cause.name === 'RuntimeError' || cause.name === 'RangeError' ? 'needs too much memory' : cause.message;
}
