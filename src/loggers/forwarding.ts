import { calendarTime } from '../base/calendar-time.ts';
import type { LogQueue } from '../store/log-queue.ts';
import { type Store, StoreFull } from '../store/store.ts';
import { type Logger, SEVERITIES, type StatusLine } from './logger.ts';
import { Loss } from './loss.ts';

/** What a batch is made of. */
export type LineKind = 'result' | 'status';

/** Sends a batch to where it belongs; rejects where it did not arrive. Lines are JSON. */
export type Send = (kind: LineKind, lines: readonly string[]) => Promise<void>;

export interface ForwardingOptions {
  /** Of the logger; its lines are kept under it. */
  readonly name: string;
  /** Seconds between batches. */
  readonly period: number;
  /** Seconds between tries, at most, while nobody takes a batch. */
  readonly backoffMax: number;
  /** Bytes of a line; longer ones are dropped. */
  readonly maxLine: number;
  /** `--buffered_log_max`: lines of each kind that are kept, 0 without limit. */
  readonly bufferedMax: number;
  readonly hostIdentifier: () => string;
}

/** A clock and what it wakes. */
export interface Timers {
  set(callback: () => void, milliseconds: number): unknown;
  clear(timer: unknown): void;
}

/** As osquery sends them; the characters bound what a batch takes in memory. */
const MAX_BATCH = 1024;
const MAX_BATCH_CHARACTERS = 4 * 1024 * 1024;
const KINDS = ['result', 'status'] as const;

const REAL_TIMERS: Timers = {
  set: (callback, milliseconds) => setTimeout(callback, milliseconds).unref(),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/**
 * Keeps lines in the store until somewhere else has them: the oldest first, a batch a period of each kind, so that a backlog
 * of results does not keep status lines back. A batch is deleted when it has arrived: it may arrive twice, and none is
 * lost but those beyond the limit, which are counted and said.
 */
export class ForwardingLogger implements Logger {
  readonly #store: Store;
  readonly #options: ForwardingOptions;
  readonly #send: Send;
  readonly #warn: (message: string) => void;
  readonly #timers: Timers;
  readonly #queues: Readonly<Record<LineKind, LogQueue>>;
  readonly #full: Loss;
  #timer: unknown;
  #failures = 0;
  #closed = false;
  #sending: Promise<unknown> = Promise.resolve();

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
    this.#warn = (message) => warn(`${options.name}: ${message}`);
    this.#timers = timers;
    this.#queues = { result: store.logs(`${options.name}.result`), status: store.logs(`${options.name}.status`) };
    this.#full = new Loss(this.#warn);
    this.#schedule(options.period);
  }

  result(line: string): void {
    this.#keep('result', [line]);
  }

  snapshot(line: string): void {
    this.result(line);
  }

  status(lines: readonly StatusLine[]): void {
    const identifier = this.#options.hostIdentifier();
    this.#keep(
      'status',
      lines.map((line) => statusJson(line, identifier)),
    );
  }

  /** One last batch of each kind; what is not taken then waits in the store. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timers.clear(this.#timer);
    await this.#sending;
    for (const kind of KINDS) await this.#attempt(kind);
  }

  #keep(kind: LineKind, lines: readonly string[]): void {
    const { maxLine } = this.#options;
    const fitting = lines.filter((line) => Buffer.byteLength(line) <= maxLine);
    if (fitting.length < lines.length) this.#warn(`a line of more than ${maxLine} bytes is dropped`);
    try {
      this.#store.transaction(() => {
        for (const line of fitting) this.#queues[kind].append(line);
      });
      if (fitting.length > 0) this.#full.recovered();
    } catch (cause) {
      if (!(cause instanceof StoreFull)) throw cause;
      this.#full.add(fitting.length, cause.message);
    }
  }

  #schedule(seconds: number): void {
    if (this.#closed) return;
    this.#timer = this.#timers.set(() => {
      this.#sending = this.#round();
    }, seconds * 1000);
  }

  async #round(): Promise<void> {
    let well = true;
    for (const kind of KINDS) well = (await this.#attempt(kind)) && well;
    await this.#trim();
    this.#failures = well ? 0 : this.#failures + 1;
    const { period, backoffMax } = this.#options;
    this.#schedule(well ? period : Math.max(period, Math.min(backoffMax, period * this.#failures ** 2)));
  }

  /** Sends one batch; false where nobody took it. */
  async #attempt(kind: LineKind): Promise<boolean> {
    const queue = this.#queues[kind];
    const batch = queue.oldest(MAX_BATCH, MAX_BATCH_CHARACTERS);
    if (batch.length === 0) return true;
    try {
      await this.#send(
        kind,
        batch.map(({ line }) => line),
      );
    } catch (cause) {
      // Once for each time that it stops going.
      if (this.#failures === 0) this.#warn(`lines wait: ${(cause as Error).message}`);
      return false;
    }
    queue.acknowledge(batch.at(-1)!.id);
    return true;
  }

  /** Drops the oldest lines beyond the limit, some at a time, so that nobody waits for it. */
  async #trim(): Promise<void> {
    const { bufferedMax } = this.#options;
    if (bufferedMax === 0) return;
    for (const kind of KINDS) {
      let dropped = 0;
      for (let gone = -1; gone !== 0 && !this.#closed; dropped += gone) {
        gone = this.#queues[kind].trim(bufferedMax);
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (dropped > 0) this.#warn(`${dropped} ${kind} lines beyond buffered_log_max (${bufferedMax}) are dropped`);
    }
  }
}

/** As osquery's servers get it: severity, file, line, message, host, calendar time, Unix time. */
function statusJson({ severity, file, line, message, time }: StatusLine, identifier: string): string {
  const seconds = Math.floor(time / 1000);
  return JSON.stringify({
    s: SEVERITIES.indexOf(severity),
    f: file,
    i: line,
    m: message,
    h: identifier,
    c: calendarTime(seconds),
    u: seconds,
  });
}
