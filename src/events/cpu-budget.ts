export interface CpuBudgetOptions {
  /** Of one processor, what may be taken for ever. */
  readonly share: number;
  /** Milliseconds that may be taken at once by who has taken nothing for long. */
  readonly burstMs: number;
  /** Milliseconds of processor that were taken so far. */
  spent(): number;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}

/**
 * Processor time as a bucket of tokens: it fills with time, and empties with work. Where a source is louder than what it may
 * cost, its listener rests, and the kernel drops and counts what finds no room; the watchdog would end the agent, and lose
 * what everybody else heard too.
 */
export class CpuBudget {
  readonly #options: CpuBudgetOptions;
  #left: number;
  #spent: number;
  #at: number;

  constructor(options: CpuBudgetOptions) {
    this.#options = options;
    this.#left = options.burstMs;
    this.#spent = options.spent();
    this.#at = options.now();
  }

  /** Milliseconds to rest before any more is done; 0 while there is time left. */
  owed(): number {
    const { share, burstMs, spent, now } = this.#options;
    const [total, at] = [spent(), now()];
    this.#left = Math.min(burstMs, this.#left + (at - this.#at) * share) - (total - this.#spent);
    this.#spent = total;
    this.#at = at;
    return Math.max(0, -this.#left / share);
  }
}
