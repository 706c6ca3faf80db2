import { monotonicNow } from '../base/clock.ts';

/**
 * Shares that all users have together. One user may have the ids of many, 65,536 of them with `subuid(5)`; eight are what
 * honest ones need at once.
 */
export const EVERYBODY = 8;

/** No user has this id. */
const ALL = -2;

interface Account {
  left: number;
  at: number;
}

/**
 * What each user had of something lately, over all queries: a join asks a table anew for each row of another, so a bound
 * of one scan alone bounds nothing there. What was taken comes back bit by bit, all of it within `milliseconds`.
 */
export class RecentShares {
  readonly #milliseconds: number;
  readonly #accounts = new Map<number, Account>();
  readonly #together: number;
  readonly #now: () => number;

  /** `together`: shares that all users have; Infinity where nobody can be many. */
  constructor(milliseconds: number, together = EVERYBODY, now: () => number = monotonicNow) {
    this.#milliseconds = milliseconds;
    this.#together = together;
    this.#now = now;
  }

  /** What there is for a user, of `share` in all. */
  left(uid: number, share: number): number {
    const own = this.#left(uid, share);
    return Math.max(0, Number.isFinite(this.#together) ? Math.min(own, this.#left(ALL, share * this.#together)) : own);
  }

  spend(uid: number, share: number, amount: number): void {
    const at = this.#now();
    if (Number.isFinite(this.#together)) {
      this.#accounts.set(ALL, { left: this.#left(ALL, share * this.#together) - amount, at });
    }
    this.#accounts.set(uid, { left: this.#left(uid, share) - amount, at });
    if (this.#accounts.size > MAX_ACCOUNTS) this.#accounts.delete(this.#oldest());
  }

  #left(uid: number, share: number): number {
    const account = this.#accounts.get(uid);
    if (account === undefined) return share;
    const back = ((this.#now() - account.at) / this.#milliseconds) * share;
    return Math.min(share, Math.floor(account.left + back));
  }

  /** Whoever was first; the one of all is set anew each time, but stays where it was. */
  #oldest(): number {
    for (const uid of this.#accounts.keys()) if (uid !== ALL) return uid;
    return ALL;
  }
}

/** Users that are remembered. */
const MAX_ACCOUNTS = 10_000;

/** One for each machine that is asked; it goes with the machine. */
export function perMachine<T>(make: () => T): (machine: object) => T {
  const made = new WeakMap<object, T>();
  return (machine) => {
    let found = made.get(machine);
    if (found === undefined) {
      found = make();
      made.set(machine, found);
    }
    return found;
  };
}
