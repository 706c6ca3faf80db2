import { type Backoff, spread } from './backoff.ts';
import { RemoteFailure } from './failure.ts';
import type { Timers } from './timers.ts';

export interface PollerParts {
  /** Seconds between polls; read before each wait. */
  readonly interval: () => number;
  readonly backoff: Backoff;
  /** One poll. A rejection is a failure, and is said by whoever rejects. */
  readonly work: () => Promise<void>;
  readonly timers: Timers;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Shorter intervals would be a loop: osquery asks 300 times a second with `--distributed_interval=0`. */
const LEAST_SECONDS = 1;

/** Asks again and again: once an interval while all is well, and as the back-off says while it is not. */
export class Poller {
  readonly #parts: PollerParts;
  #timer: unknown;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  /** When the next poll comes, by the timers' clock. */
  #due = 0;

  constructor(parts: PollerParts) {
    this.#parts = parts;
  }

  /** `at once`: somebody waits for the first answer. Else it comes somewhere in the first interval. */
  start(first: 'at once' | 'spread' = 'spread'): void {
    this.#wait(first === 'at once' ? 0 : spread(this.#interval, this.#parts.random));
  }

  /** Polls now, whatever was planned; during a poll, once more after it. */
  now(): void {
    if (this.#stopped) return;
    if (this.#running === undefined) this.#wake();
    else this.#again = true;
  }

  /** The server is back: a poll that waits after failures comes somewhere in the next interval, if it was to come later. */
  soon(): void {
    const { backoff, timers, random } = this.#parts;
    if (this.#stopped || this.#running !== undefined || backoff.failures === 0) return;
    const seconds = spread(this.#interval, random);
    if (timers.now() + seconds * 1000 >= this.#due) return;
    timers.clear(this.#timer);
    this.#wait(seconds);
  }

  /** No poll begins from here on; resolves when the last one is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#parts.timers.clear(this.#timer);
    await this.#running;
  }

  get #interval(): number {
    return Math.max(LEAST_SECONDS, this.#parts.interval());
  }

  #wake(): void {
    this.#parts.timers.clear(this.#timer);
    this.#running = this.#poll();
  }

  async #poll(): Promise<void> {
    const { backoff, work, timers, random } = this.#parts;
    const began = timers.now();
    let seconds: number;
    try {
      await work();
      const took = (timers.now() - began) / 1000;
      // Back after an outage, as everybody else in this minute.
      seconds = backoff.failures > 0 ? spread(this.#interval, random) : Math.max(0, this.#interval - took);
      backoff.succeeded();
    } catch (cause) {
      seconds = backoff.failed(cause instanceof RemoteFailure ? cause.retryAfter : undefined);
    }
    this.#running = undefined;
    if (this.#stopped) return;
    this.#wait(this.#again ? 0 : seconds);
    this.#again = false;
  }

  #wait(seconds: number): void {
    const { timers } = this.#parts;
    this.#due = timers.now() + seconds * 1000;
    this.#timer = timers.set(() => this.#wake(), seconds * 1000);
  }
}
