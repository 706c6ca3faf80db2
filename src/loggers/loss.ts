import { monotonicNow } from '../base/clock.ts';

/** What comes and goes is said once in this time. */
const QUIET_MS = 60_000;

/** Counts lines that found no room, and says so once, and once more when it goes again. */
export class Loss {
  readonly #warn: (message: string) => void;
  readonly #now: () => number;
  readonly #fate: string;
  #lost = 0;
  #fails = false;
  #said = false;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** `fate`: what becomes of the lines. `now`: milliseconds of a clock that never goes back. */
  constructor(warn: (message: string) => void, fate = 'lines are lost until it goes again', now = monotonicNow) {
    this.#warn = warn;
    this.#fate = fate;
    this.#now = now;
  }

  /** Since it was last said. */
  get count(): number {
    return this.#lost;
  }

  /** `lines` that did not arrive; 0 where none of them is lost, and they will come again. */
  add(lines: number, reason: string): void {
    this.#lost += lines;
    this.#fails = true;
    if (this.#said || this.#now() - this.#saidAt < QUIET_MS) return;
    this.#said = true;
    this.#saidAt = this.#now();
    this.#warn(`cannot log: ${reason}; ${this.#fate}`);
  }

  /** A line has arrived. */
  recovered(): void {
    if (!this.#fails) return;
    this.#fails = false;
    if (!this.#said) return;
    this.#said = false;
    this.#warn(this.#lost === 0 ? 'logging again' : `logging again; ${this.#lost} lines were lost`);
    this.#lost = 0;
  }
}
