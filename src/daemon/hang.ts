import type { OptionValues } from '../config/option-values.ts';

/** Milliseconds that a call may take before its thread is given up, `--query_hang_timeout`. */
export function hangMs(options: OptionValues): number {
  return options.number('query_hang_timeout') * 1000 || Number.POSITIVE_INFINITY;
}

/** How often a thread is looked at, and so how late it may be seen that it hangs. */
export const HANG_LOOK_MS = 500;
/** How long a place that did not answer is left alone, as people need to see to a file server; and as long as the thread hangs there. */
export const LEFT_ALONE_MS = 10 * 60_000;

/** Sees that a thread is inside of the same call for long, look by look. */
export class HangWatch {
  readonly #hangMs: number;
  readonly #now: () => number;
  #changes = Number.NaN;
  #since = 0;
  #looks = 0;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(milliseconds: number, now: () => number) {
    this.#hangMs = milliseconds;
    this.#now = now;
  }

  /** Whether it hangs. `call`: what `Activity.look` saw. */
  hangs(call: { readonly changes: number } | undefined): boolean {
    const now = this.#now();
    if (call === undefined || call.changes !== this.#changes) {
      this.#changes = call?.changes ?? Number.NaN;
      this.#since = now;
      this.#looks = 0;
      return false;
    }
    this.#looks += 1;
    // Where all of the process was stopped, or the machine asleep, there were no looks.
    return now - this.#since >= this.#hangMs && this.#looks >= this.#hangMs / HANG_LOOK_MS / 2;
  }
}
