import type { Output } from '../printers/printer.ts';
import type { Progress } from '../session.ts';

const FIRST_AFTER_MS = 1000;
const EVERY_MS = 200;
/** Back to the first column, and clear the line (ECMA-48). */
const CLEAR = '\r\x1b[K';

/** Rows and seconds of a query that takes over a second, on one line of the terminal that is wiped when it ends. */
export class ProgressLine implements Progress {
  readonly #err: Output;
  readonly #free: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #rows = 0;
  #shown = false;

  /** `free` says whether the cursor is at the beginning of a line. */
  constructor(err: Output, free: () => boolean) {
    this.#err = err;
    this.#free = free;
  }

  start(): void {
    this.stop();
    this.#rows = 0;
    const began = Date.now();
    this.#timer = setInterval(() => {
      const milliseconds = Date.now() - began;
      if (milliseconds < FIRST_AFTER_MS) return;
      this.hide();
      if (!this.#free()) return;
      this.#shown = true;
      const seconds = (milliseconds / 1000).toFixed(1);
      this.#err.write(`${this.#rows.toLocaleString('en-US')} rows, ${seconds} s (Ctrl-C stops)`);
    }, EVERY_MS);
  }

  rows(count: number): void {
    this.#rows = count;
  }

  /** Makes room for something else, until the next time. */
  hide(): void {
    if (this.#shown) this.#err.write(CLEAR);
    this.#shown = false;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.hide();
  }
}
