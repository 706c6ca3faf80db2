import { monotonicNow } from '../base/clock.ts';
import type { LogFiles } from './log-files.ts';

/** After one that failed the next is tried: to compress 25 MB for each line would take a processor. */
const RETRY_MS = 60_000;

/** `--logger_rotate_size` and `--logger_rotate_max_files`. */
export interface RotationOptions {
  readonly size: number;
  readonly files: number;
}

/**
 * Keeps a log below a size: the full one becomes `.1`, that one `.2.zst`, and so on up to a number of files. As in osquery
 * the newest of the old ones is not compressed.
 */
export class Rotation {
  readonly #path: string;
  readonly #files: LogFiles;
  readonly #options: RotationOptions;
  readonly #warn: (message: string) => void;
  #pending: Promise<void> = Promise.resolve();
  #busy = false;
  #notBefore = Number.NEGATIVE_INFINITY;
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(
    path: string,
    files: LogFiles,
    options: RotationOptions,
    warn: (message: string) => void,
    now: () => number = monotonicNow,
  ) {
    this.#now = now;
    this.#path = path;
    this.#files = files;
    this.#options = options;
    this.#warn = warn;
  }

  /** Makes room before a write. While the last one is still being compressed, the log grows on. */
  check(): void {
    if (this.#busy || this.#files.size(this.#path) < this.#options.size || this.#now() < this.#notBefore) return;
    this.#busy = true;
    this.#pending = this.#rotate()
      .catch((cause: Error) => {
        this.#notBefore = this.#now() + RETRY_MS;
        this.#warn(`cannot rotate ${this.#path}: ${cause.message}`);
      })
      .finally(() => {
        this.#busy = false;
      });
  }

  /** Until nothing is being compressed. */
  idle(): Promise<void> {
    return this.#pending;
  }

  async #rotate(): Promise<void> {
    const files = this.#files;
    const [first, waiting] = [`${this.#path}.1`, `${this.#path}.2`];
    // Left behind where the agent ended while it compressed.
    if (files.exists(waiting)) await this.#compress(waiting);
    if (files.exists(first)) {
      let last = 2;
      while (files.exists(this.#compressed(last))) last++;
      for (let i = last; i > 2; i--) {
        if (i > this.#options.files) files.remove(this.#compressed(i - 1));
        else files.rename(this.#compressed(i - 1), this.#compressed(i));
      }
      if (this.#options.files < 2) files.remove(first);
      else files.rename(first, waiting);
    }
    // From here on there is room again; the rest can take its time.
    if (this.#options.files < 1) files.remove(this.#path);
    else files.rename(this.#path, first);
    if (files.exists(waiting)) await this.#compress(waiting);
  }

  #compress(waiting: string): Promise<void> {
    return this.#files.compress(waiting, this.#compressed(2));
  }

  #compressed(number: number): string {
    return `${this.#path}.${number}.zst`;
  }
}
