import { monotonicNow } from '../base/clock.ts';
import { Interrupted } from './errors.ts';

export interface Limits {
  /** Milliseconds that a statement may take; undefined for ever. */
  deadlineMs?: number | undefined;
  /** Rows that a statement may return. */
  rows?: number | undefined;
}

/** A look at the clock costs about 30 ns; tables pass here once a row and once a system call. */
const CHECKS_A_LOOK = 16;

/** Stops a statement that is over its deadline or cancelled, wherever it is: in SQLite's loop or in a table's. */
export class Guard {
  readonly #cancel: Int32Array | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #countdown = CHECKS_A_LOOK;
  #reason: 'cancelled' | 'deadline' | undefined;

  /** `cancel[0]` not 0 means stop; shared memory when another thread is to say so. */
  constructor(cancel?: Int32Array) {
    this.#cancel = cancel;
  }

  start(deadlineMs: number | undefined): void {
    this.#deadline = deadlineMs === undefined ? Number.POSITIVE_INFINITY : monotonicNow() + deadlineMs;
    this.#reason = undefined;
  }

  get reason(): 'cancelled' | 'deadline' | undefined {
    return this.#reason;
  }

  /** Whether to stop now. */
  expired(): boolean {
    if (this.#cancel !== undefined && Atomics.load(this.#cancel, 0) !== 0) this.#reason = 'cancelled';
    else if (this.#deadline < Number.POSITIVE_INFINITY && monotonicNow() > this.#deadline) this.#reason = 'deadline';
    else return false;
    return true;
  }

  /** Throws `Interrupted` when it is time to stop. */
  readonly check = (): void => {
    if (--this.#countdown > 0) return;
    this.#countdown = CHECKS_A_LOOK;
    if (this.expired()) throw new Interrupted(this.#reason);
  };
}
