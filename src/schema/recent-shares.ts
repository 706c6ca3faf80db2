import { monotonicNow } from '../base/clock.ts';

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
  readonly #now: () => number;

  constructor(milliseconds: number, now: () => number = monotonicNow) {
    this.#milliseconds = milliseconds;
    this.#now = now;
  }

  /** What there is for a user, of `share` in all. */
  left(uid: number, share: number): number {
    const account = this.#accounts.get(uid);
    if (account === undefined) return share;
    const back = ((this.#now() - account.at) / this.#milliseconds) * share;
    return Math.min(share, Math.floor(account.left + back));
  }

  spend(uid: number, share: number, amount: number): void {
    this.#accounts.set(uid, { left: this.left(uid, share) - amount, at: this.#now() });
  }
}

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
