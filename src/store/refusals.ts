/** What goes on and off is said once in this time. */
const QUIET_MS = 3_600_000;

/** Says that the disk takes nothing, and that it does again; once an hour at most, with how often. */
export class Refusals {
  readonly #warn: (message: string) => void;
  readonly #now: () => number;
  #refuses = false;
  #said = false;
  #saidAt = Number.NEGATIVE_INFINITY;
  #times = 0;
  #tooMuchAt = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(warn: (message: string) => void, now: () => number) {
    this.#warn = warn;
    this.#now = now;
  }

  refused(reason: string): void {
    if (this.#refuses) return;
    this.#refuses = true;
    this.#times += 1;
    this.#said = this.#now() - this.#saidAt >= QUIET_MS;
    if (!this.#said) return;
    this.#saidAt = this.#now();
    const often = this.#times > 1 ? ` (${this.#times} times since this was last said)` : '';
    this.#times = 0;
    this.#warn(`cannot be written: ${reason}; what is logged is remembered in memory until it can${often}`);
  }

  /** What a query changed finds no room in memory either. */
  tooMuch(query: string): void {
    if (this.#now() - this.#tooMuchAt < QUIET_MS) return;
    this.#tooMuchAt = this.#now();
    this.#warn(`${query} changed more than there is room for in memory: it is not logged before it can be kept`);
  }

  taken(): void {
    if (!this.#refuses) return;
    this.#refuses = false;
    if (this.#said) this.#warn('is written again');
  }
}
