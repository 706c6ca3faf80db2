import type { Output } from '../printers/printer.ts';
import type { Progress } from '../session.ts';

const FIRST_AFTER_MS = 1000;
const EVERY_MS = 200;
/** Back to the first column, and clear the line (ECMA-48). */
const CLEAR = '\r\x1b[K';

/** Rows and seconds of a query that takes over a second, on one line of the terminal that is wiped when it ends. */
export class ProgressLine implements Progress {
  readonly #err: Output;
  #timer: NodeJS.Timeout | undefined;
  #rows = 0;
  #shown = false;

  constructor(err: Output) {
    this.#err = err;
  }

  start(): void {
    this.stop();
    this.#rows = 0;
    const began = Date.now();
    this.#timer = setInterval(() => {
      const seconds = (Date.now() - began) / 1000;
      if (seconds * 1000 < FIRST_AFTER_MS) return;
      this.#shown = true;
      this.#err.write(`${CLEAR}${this.#rows.toLocaleString('en-US')} rows, ${seconds.toFixed(1)} s (Ctrl-C stops)`);
    }, EVERY_MS);
  }

  rows(count: number): void {
    this.#rows = count;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#shown) this.#err.write(CLEAR);
    this.#shown = false;
  }
}
