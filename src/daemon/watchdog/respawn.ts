/** Seconds: a worker that ended sooner came too quickly after the one before. */
const QUICK = 4;
/** After this long a worker counts as well, and the count begins anew. */
const WELL = 600;
/**
 * One that went beyond a limit after this long begins the count anew, too: else users who keep it busy could have it away for ten
 * minutes each time. Limits hold a minute after a start, so it works at nine tenths of the time.
 */
const STEADY = 60;
const BASE = 5;

/**
 * How long to wait before the next worker, as in osquery: not at all, but for one that ended at once 5 + 2^n seconds up to
 * a maximum. Other than there, it is never given up: a machine without its agent is what nobody notices.
 */
export class Respawn {
  readonly #most: number;
  #quick = 0;

  /** `most`: seconds, `--watchdog_max_delay`. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Times in a row that a worker ended at once. */
  get quick(): number {
    return this.#quick;
  }

  /** Seconds to wait after a worker that lived so many; one that was stopped for its `breach` also counts as quick. */
  after(lived: number, breach: boolean): number {
    if (lived >= (breach ? STEADY : WELL)) this.#quick = 0;
    if (lived >= QUICK && !breach) return 0;
    this.#quick += 1;
    return Math.min(this.#most, BASE + 2 ** this.#quick);
  }
}
