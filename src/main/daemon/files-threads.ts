import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Activity } from '../../base/activity.ts';
import { HANG_LOOK_MS, HangWatch } from '../../daemon/hang.ts';
import { HungThreads, leftAloneText } from '../../daemon/hung-threads.ts';
import type { FilesChannel, NextFiles } from '../../events/files/hand-over.ts';
import { FileProgress, type PendingChange } from '../../events/files/progress.ts';
import type { SharedPlace } from '../../host/left-alone.ts';
import type { Severity } from '../../loggers/logger.ts';
import type { FromFilesThread } from '../files-thread.ts';

/** A thread, as `Worker` is one. */
export interface HearingThread {
  on(event: 'message', listener: (message: FromFilesThread) => void): unknown;
  on(event: 'error', listener: (cause: Error) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
  terminate(): Promise<unknown>;
  unref(): void;
}

/** What is different for each thread. */
export interface FilesStart {
  /** Where events go. */
  readonly channel: FilesChannel<MessagePort>;
  /** Not 0 ends the thread. */
  readonly stop: Int32Array;
  readonly activity: SharedArrayBuffer;
  readonly progress: SharedArrayBuffer;
  readonly leftAlone: readonly SharedPlace[];
  /** What one that was given up leaves. */
  readonly left: { readonly since: number; readonly pending: PendingChange | undefined } | undefined;
  /** Whether it looks at files; else it tells only what the kernel says of them. */
  readonly looks: boolean;
}

export interface FilesThreadsParts {
  start(its: FilesStart): HearingThread;
  /** Tells who keeps events that another thread hears of files from now on. */
  attach(next: NextFiles): void;
  closeDescriptors(descriptors: readonly number[]): void;
  /** What is to be left alone where a call on a path hangs. */
  placeOf(path: string): string | undefined;
  readonly hangMs: number;
  readonly say: (severity: Severity, message: string) => void;
}

/** How long the daemon waits for files to be watched before it goes on; a large tree takes longer. */
const START_MS = 2000;
/** How long a thread may take to tell what it has heard, at the end. */
const END_MS = 1000;
/** How soon a thread that failed is started anew: at first, and at most. */
const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;
/**
 * Threads that hang, or hung just now; each keeps its memory, some megabytes. With so many the next one looks at no file; with
 * so many none is started.
 */
const MOST_HUNG = 4;
const MOST_HUNG_AT_ALL = 6;

interface Running {
  readonly thread: HearingThread;
  readonly activity: Activity;
  readonly progress: FileProgress;
  readonly watch: HangWatch;
  readonly stop: Int32Array;
  readonly taken: Int32Array;
  readonly ended: Promise<void>;
  descriptors: readonly number[];
  readonly looks: boolean;
  /** Whether it was told to end, and another one goes on. */
  ends: boolean;
}

/**
 * The thread that hears of files: it touches them, and so may hang for ever in the kernel. Then it is given up, the place is
 * left alone, and another thread looks for what has changed since.
 */
export class FilesThreads {
  /** For whoever keeps events: where those of the first thread come. */
  readonly first: FilesChannel<MessagePort>;
  /** Settled once the first one hears, or has failed, or takes long. */
  readonly started: Promise<void>;
  readonly #parts: FilesThreadsParts;
  readonly #looking: NodeJS.Timeout;
  readonly #hung = new HungThreads(() => performance.now());
  #running: Running | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;
  #settleStarted = () => {};
  #closed = false;

  constructor(parts: FilesThreadsParts) {
    this.#parts = parts;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.started = promise;
    const late = setTimeout(resolve, START_MS);
    this.#settleStarted = () => {
      clearTimeout(late);
      resolve();
    };
    this.first = this.#begin(undefined, true);
    this.#looking = setInterval(() => this.#look(), HANG_LOOK_MS).unref();
  }

  /** Has it tell what it has heard, and end; one that hangs is not waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#looking);
    clearTimeout(this.#retry);
    this.#settleStarted();
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    const { ended } = running;
    end(running);
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => resolve('late'), END_MS);
    if ((await Promise.race([ended, late])) === 'late') {
      void running.thread.terminate();
      running.thread.unref();
      void ended.then(() => this.#parts.closeDescriptors(running.descriptors));
    }
    clearTimeout(timer);
  }

  #begin(left: FilesStart['left'], looks: boolean): FilesChannel<MessagePort> {
    const { port1, port2 } = new MessageChannel();
    const taken = new Int32Array(new SharedArrayBuffer(4));
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const [activity, progress] = [new Activity(), new FileProgress()];
    // Should this one hang before it has come so far.
    progress.note(left?.since ?? Date.now() / 1000, 0);
    progress.pending = left?.pending;
    const thread = this.#parts.start({
      channel: { port: port2, taken },
      stop,
      activity: activity.shared,
      progress: progress.shared,
      leftAlone: this.#hung.places,
      left,
      looks,
    });
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const watch = new HangWatch(this.#parts.hangMs, () => performance.now());
    const shared = { thread, activity, progress, watch, stop, taken, ended };
    const running: Running = { ...shared, descriptors: [], looks, ends: false };
    this.#running = running;
    let reason = 'its thread ended';
    thread.on('message', (message) => {
      if (message.kind === 'say') this.#parts.say(message.severity, message.message);
      else if (message.kind === 'descriptors') running.descriptors = message.descriptors;
      else this.#settleStarted();
    });
    thread.on('error', (cause) => {
      reason = cause.message;
    });
    thread.on('exit', () => {
      end();
      if (this.#running !== running || this.#closed) return;
      if (running.ends) this.#replace({ since: progress.since, pending: undefined }, 0);
      else this.#fail(running, reason);
    });
    return { port: port1, taken };
  }

  #look(): void {
    const running = this.#running;
    const call = running?.activity.look();
    if (running?.watch.hangs(call)) this.#giveUp(running, `${call!.operation} ${call!.path}`.trimEnd(), call!.path);
  }

  #giveUp(running: Running, call: string, path: string): void {
    const { say, hangMs, placeOf } = this.#parts;
    // That it has ended is not waited for: it may never.
    this.#running = undefined;
    void running.thread.terminate();
    running.thread.unref();
    // Else the kernel would keep events for nobody.
    this.#parts.closeDescriptors(running.descriptors);
    const place = placeOf(path);
    running.thread.on('exit', this.#hung.add(place));
    const replaced = 'the thread that hears of files is replaced';
    say('WARNING', `inotify: ${call} does not return since ${hangMs / 1000} s: ${replaced}${leftAloneText(place)}`);
    const { since, waiting, pending } = running.progress;
    this.#replace({ since, pending }, Math.max(waiting, 1));
  }

  /** Another thread looks for what has changed since the last one had told all. */
  #replace(left: NonNullable<FilesStart['left']>, hung: number): void {
    clearTimeout(this.#retry);
    const { count } = this.#hung;
    const [looks, hears] = [count < MOST_HUNG, count < MOST_HUNG_AT_ALL];
    if (!looks && hung > 0) {
      const meanwhile = hears
        ? 'what the kernel tells of files is told, but they are not looked at'
        : 'files are not heard of';
      this.#parts.say('ERROR', `inotify: ${count} threads that hear of files hang, or hung just now: ${meanwhile}`);
    }
    if (hears) this.#parts.attach({ channel: this.#begin(left, looks), hung });
    else if (hung > 0) this.#parts.attach({ channel: undefined, hung });
    if (!looks) this.#retry = setTimeout(() => this.#lookAgain(left), MAX_RETRY_MS).unref();
  }

  /** Fewer hang, maybe: one that looks at files goes on. */
  #lookAgain(left: NonNullable<FilesStart['left']>): void {
    const running = this.#running;
    if (running === undefined) this.#replace(left, 0);
    else if (this.#hung.count < MOST_HUNG) {
      running.ends = true;
      end(running);
    } else this.#retry = setTimeout(() => this.#lookAgain(left), MAX_RETRY_MS).unref();
  }

  /** After a while, longer each time: what made it fail may be there still. */
  #fail(running: Running, reason: string): void {
    this.#running = undefined;
    this.#parts.closeDescriptors(running.descriptors);
    this.#settleStarted();
    this.#parts.say('ERROR', `inotify: files are not heard of: ${reason}; starts anew in ${this.#retryMs / 1000} s`);
    const { since, waiting, pending } = running.progress;
    this.#parts.attach({ channel: undefined, hung: waiting });
    // The file may be what it failed on, and would fail on again.
    if (pending !== undefined) this.#hung.leaveAlone(pending.path);
    const left = { since, pending };
    this.#retry = setTimeout(() => this.#replace(left, 0), this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }
}

function end({ stop, taken }: Running): void {
  Atomics.store(stop, 0, 1);
  // It sleeps, or waits for room.
  for (const shared of [stop, taken]) Atomics.notify(shared, 0);
}
