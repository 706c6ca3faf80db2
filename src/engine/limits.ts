import type { Activity, Operation } from '../base/activity.ts';
import { monotonicNow } from '../base/clock.ts';
import type { LeftAlonePlaces } from '../host/left-alone.ts';
import { Interrupted } from './errors.ts';
import type { HostGuard } from './guarded-host.ts';

export interface Limits {
  /** Milliseconds that a statement may take; undefined for ever. */
  deadlineMs?: number | undefined;
  /** Rows that a statement may return. */
  rows?: number | undefined;
}

/** A look at the clock costs about 30 ns; tables pass here once a row and once a system call. */
const CHECKS_A_LOOK = 16;

/** Hears when a statement begins and ends. */
export interface StatementClock {
  begins(): void;
  ends(): void;
}

/** What a guard has in common with whoever watches it. */
export interface GuardOptions {
  /** `cancel[0]` not 0 means stop; shared memory when another thread is to say so. */
  readonly cancel?: Int32Array | undefined;
  /** Where it notes the call that it is inside of. */
  readonly activity?: Activity | undefined;
  /** Places that did not answer. */
  readonly leftAlone?: LeftAlonePlaces | undefined;
  readonly clock?: StatementClock | undefined;
}

/** Stops a statement that is over its deadline or cancelled, wherever it is: in SQLite's loop or in a table's. */
export class Guard implements HostGuard {
  readonly #cancel: Int32Array | undefined;
  readonly #activity: Activity | undefined;
  readonly #leftAlone: LeftAlonePlaces | undefined;
  readonly #clock: StatementClock | undefined;
  #deadline = Number.POSITIVE_INFINITY;
  #countdown = CHECKS_A_LOOK;
  #reason: 'cancelled' | 'deadline' | undefined;

  constructor({ cancel, activity, leftAlone, clock }: GuardOptions = {}) {
    this.#cancel = cancel;
    this.#activity = activity;
    this.#leftAlone = leftAlone;
    this.#clock = clock;
  }

  start(deadlineMs: number | undefined): void {
    this.#deadline = deadlineMs === undefined ? Number.POSITIVE_INFINITY : monotonicNow() + deadlineMs;
    this.#reason = undefined;
    this.#clock?.begins();
  }

  end(): void {
    this.#clock?.ends();
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

  enter(operation: Operation, path: string): void {
    this.check();
    this.#leftAlone?.refuse(path, operation);
    this.#activity?.enter(operation, path);
  }

  leave(): void {
    this.#activity?.leave();
  }
}
