/** What goes on is said once in this time. */
const QUIET_MS = 3_600_000;

/** Counts what may happen again and again: says so when it begins, and then once an hour how often it came since. */
export class Tally {
  readonly #say: (count: number, reason: string) => void;
  readonly #now: () => number;
  #unsaid = 0;
  #reason = '';
  #said = Number.NEGATIVE_INFINITY;

  /** `say` gets the last reason. `now`: milliseconds. */
  constructor(say: (count: number, reason: string) => void, now: () => number) {
    this.#say = say;
    this.#now = now;
  }

  add(count: number, reason = ''): void {
    if (count === 0) return;
    this.#unsaid += count;
    this.#reason = reason;
    if (this.#now() - this.#said >= QUIET_MS) this.flush();
  }

  /** Says what has not been said yet. */
  flush(): void {
    if (this.#unsaid === 0) return;
    const count = this.#unsaid;
    this.#unsaid = 0;
    this.#said = this.#now();
    this.#say(count, this.#reason);
  }
}
