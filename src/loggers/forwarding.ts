import { calendarTime } from '../base/calendar-time.ts';
import { OSQUERY_VERSION } from '../base/version.ts';
import type { LogQueue, QueuedLine } from '../store/log-queue.ts';
import { type Store, StoreDamaged, StoreFull } from '../store/store.ts';
import { type Logger, SEVERITIES, type StatusLine } from './logger.ts';
import { Loss } from './loss.ts';
import { Tally } from './tally.ts';
import { REAL_TIMERS, type Timers } from './timers.ts';

/** What a batch is made of. */
export type LineKind = 'result' | 'status';

/** Sends a batch to where it belongs; rejects where it did not arrive. Lines are JSON. One batch at a time. */
export type Send = (kind: LineKind, lines: readonly string[]) => Promise<void>;

/** Read at each use: getters may follow what the configuration sets. */
export interface ForwardingOptions {
  /** Of the logger; its lines are kept under it. */
  readonly name: string;
  /** Seconds between batches. */
  readonly period: number;
  /** Seconds between tries, at most, while nobody takes a batch; 0 tries each period. */
  readonly backoffMax: number;
  /** Lines of a batch; osquery's 1,024 if not said. */
  readonly maxLines?: number;
  /** Bytes of a line; longer ones are dropped. */
  readonly maxLine: number;
  /** `--buffered_log_max`: lines of each kind that are kept, 0 without limit. */
  readonly bufferedMax: number;
  readonly hostIdentifier: () => string;
  /** Of status lines; see `LogHead` of `results/log-lines.ts`. */
  readonly decorations?: () => readonly (readonly [name: string, value: string])[];
  /** `--decorations_top_level`. */
  readonly decorationsTopLevel?: boolean;
}

const MAX_BATCH = 1024;
/** Bytes of a batch, but for a single line: Firehose takes 4 MiB, Kinesis 5. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** Longer than any request should take: who does not answer by then did not take the batch. */
const SEND_MS = 120_000;
/** The watcher kills a worker that does not end within 4 seconds. */
const CLOSE_MS = 3000;

/** Lines of a kind. */
interface Lane {
  readonly kind: LineKind;
  readonly queue: LogQueue;
  /** Seconds until the next try. */
  wait: number;
  failures: number;
  readonly failed: Tally;
  readonly dropped: Tally;
}

/**
 * Keeps lines in the store until somewhere else has them: the oldest first, a batch a period of each kind, so that neither
 * a backlog of results nor a server that refuses them keeps status lines back. A batch is deleted when it has arrived: it
 * may arrive twice, and none is lost but those beyond a limit, which are counted and said.
 */
export class ForwardingLogger implements Logger {
  readonly #store: Store;
  readonly #options: ForwardingOptions;
  readonly #send: Send;
  readonly #timers: Timers;
  readonly #results: Lane;
  readonly #statuses: Lane;
  readonly #full: Loss;
  readonly #tooLong: Tally;
  #timer: unknown;
  #round: Promise<void> = Promise.resolve();
  #closing = false;
  /** The store may be closed from here on. */
  #closed = false;

  /** `warn` must not come back here. */
  constructor(
    store: Store,
    options: ForwardingOptions,
    send: Send,
    warn: (message: string) => void,
    timers: Timers = REAL_TIMERS,
  ) {
    this.#store = store;
    this.#options = options;
    this.#send = send;
    this.#timers = timers;
    const say = (message: string) => warn(`${options.name}: ${message}`);
    const tally = (text: (count: number, reason: string) => string) =>
      new Tally((count, reason) => say(text(count, reason)), timers.now);
    const lane = (kind: LineKind): Lane => ({
      kind,
      queue: store.logs(`${options.name}.${kind}`),
      wait: 0,
      failures: 0,
      failed: tally((count, reason) => `${kind} lines wait, tries that failed: ${count}: ${reason}`),
      dropped: tally(
        (count) => `${kind} lines beyond buffered_log_max (${options.bufferedMax}), dropped: ${count}, the oldest`,
      ),
    });
    this.#results = lane('result');
    this.#statuses = lane('status');
    this.#full = new Loss(say);
    this.#tooLong = tally((count) => `lines of more than ${options.maxLine} bytes, dropped: ${count}`);
    this.#schedule();
  }

  results(lines: Iterable<string>): boolean {
    return this.#keep(this.#results, Array.from(lines));
  }

  snapshots(lines: Iterable<string>): boolean {
    return this.results(lines);
  }

  queue(lines: readonly string[]): void {
    for (const line of this.#fitting(lines)) this.#results.queue.append(line);
  }

  status(lines: readonly StatusLine[]): void {
    this.#keep(
      this.#statuses,
      lines.map((line) => statusJson(line, this.#options)),
    );
  }

  /** One last batch of each kind, for some seconds; what is not taken then waits in the store. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#timers.clear(this.#timer);
    const last = async () => {
      await this.#round;
      for (const lane of this.#lanes()) await this.#attempt(lane);
    };
    // Too late is nothing new: the next start goes on.
    await this.#within(CLOSE_MS, last(), true).catch(() => undefined);
    this.#closed = true;
    this.#tooLong.flush();
    for (const { dropped } of this.#lanes()) dropped.flush();
  }

  #lanes(): readonly Lane[] {
    return [this.#results, this.#statuses];
  }

  #fitting(lines: readonly string[]): readonly string[] {
    const { maxLine } = this.#options;
    const fitting = lines.filter((line) => Buffer.byteLength(line) <= maxLine);
    this.#tooLong.add(lines.length - fitting.length);
    return fitting;
  }

  #keep({ queue }: Lane, lines: readonly string[]): boolean {
    const fitting = this.#fitting(lines);
    if (fitting.length === 0) return true;
    try {
      this.#store.transaction(() => {
        for (const line of fitting) queue.append(line);
      });
      this.#full.recovered();
      return true;
    } catch (cause) {
      if (!(cause instanceof StoreFull || cause instanceof StoreDamaged)) throw cause;
      this.#full.add(fitting.length, cause.message);
      return false;
    }
  }

  #schedule(): void {
    const wake = () => {
      this.#round = this.#work();
    };
    this.#timer = this.#timers.set(wake, Math.max(1, this.#options.period) * 1000);
  }

  /** What a period brings. While a kind waits for its next try, its lines are kept within their limit all the same. */
  async #work(): Promise<void> {
    for (const lane of this.#lanes()) {
      if (this.#closing) return;
      lane.wait -= this.#options.period;
      if (lane.wait <= 0) await this.#attempt(lane);
      await this.#trim(lane);
    }
    if (!this.#closing) this.#schedule();
  }

  /** Sends one batch. Where that fails, tries wait longer and longer. */
  async #attempt(lane: Lane): Promise<void> {
    if (this.#closed) return;
    try {
      this.#forget(lane);
      const batch = this.#batch(lane);
      if (batch.length > 0) {
        const lines = batch.map(({ line }) => line);
        await this.#within(SEND_MS, this.#send(lane.kind, lines));
        if (this.#closed) return;
        lane.queue.arrived = batch.at(-1)!.id;
        this.#forget(lane);
      }
      lane.failures = 0;
      lane.wait = 0;
    } catch (cause) {
      const { period, backoffMax } = this.#options;
      lane.failures += 1;
      lane.wait = Math.min(backoffMax, period * lane.failures ** 2);
      lane.failed.add(1, (cause as Error).message);
    }
  }

  #batch({ queue }: Lane): QueuedLine[] {
    // A character is a byte at least.
    const batch = queue.oldest(this.#options.maxLines ?? MAX_BATCH, MAX_BATCH_BYTES);
    let bytes = 0;
    const beyond = batch.findIndex(({ line }) => {
      bytes += Buffer.byteLength(line);
      return bytes > MAX_BATCH_BYTES;
    });
    return beyond === -1 ? batch : batch.slice(0, Math.max(1, beyond));
  }

  /** Deletes what has arrived. Where the disk has no room even for that, it is done before anything else is sent. */
  #forget(lane: Lane): void {
    const { queue } = lane;
    if (queue.arrived === 0) return;
    this.#store.transaction(() => queue.acknowledge(queue.arrived));
    queue.arrived = 0;
  }

  /** Drops the oldest lines beyond the limit, some at a time, so that nobody waits for it. */
  async #trim({ queue, dropped, failed }: Lane): Promise<void> {
    const { bufferedMax } = this.#options;
    let all = 0;
    try {
      for (let gone = -1; bufferedMax > 0 && gone !== 0 && !this.#closing; all += gone) {
        gone = this.#store.transaction(() => queue.trim(bufferedMax));
        if (gone > 0) await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (cause) {
      failed.add(1, (cause as Error).message);
    }
    dropped.add(all);
  }

  /** Waits for `work`, but not longer than so many milliseconds. */
  async #within(milliseconds: number, work: Promise<void>, holds = false): Promise<void> {
    let timer: unknown;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new Error(`no answer within ${milliseconds / 1000} seconds`);
      timer = this.#timers.set(() => reject(error), milliseconds, holds);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      this.#timers.clear(timer);
    }
  }
}

/** As osquery's servers get it. */
function statusJson(status: StatusLine, options: ForwardingOptions): string {
  const seconds = Math.floor(status.time / 1000);
  const decorations = Object.fromEntries(
    (options.decorations?.() ?? []).map(([name, value]) => [name, value.toWellFormed()]),
  );
  return JSON.stringify({
    hostIdentifier: options.hostIdentifier(),
    calendarTime: calendarTime(seconds),
    unixTime: seconds,
    severity: SEVERITIES.indexOf(status.severity),
    filename: status.file,
    line: status.line,
    message: status.message.toWellFormed(),
    version: OSQUERY_VERSION,
    ...(options.decorationsTopLevel ? decorations : Object.keys(decorations).length > 0 && { decorations }),
  });
}
