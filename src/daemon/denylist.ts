import { type Store, tryToKeep } from '../store/store.ts';

/** Seconds that a query which cost too much does not run: a day, as in osquery. */
const PENALTY = 86_400;
/**
 * Seconds for one that has run to its end before: what it meets now is more than usual, and somebody may have made it so to have
 * nobody look. A run that goes beyond a limit takes some 12 seconds: one in 15 minutes is 1.3 % of the time.
 */
export const PENALTY_OF_PROVEN = 900;
/** Runs after which a query is proven. */
export const PROVEN_RUNS = 3;
const PREFIX = 'denylist.';

/** Queries that are put aside for a day or less, kept over restarts. Times are Unix seconds. */
export class Denylist {
  readonly #store: Store;
  readonly #until = new Map<string, number>();

  constructor(store: Store) {
    this.#store = store;
    for (const [name, until] of store.settings.entries(PREFIX)) {
      this.#until.set(name.slice(PREFIX.length), Number(until));
    }
  }

  add(name: string, now: number, seconds = PENALTY): void {
    const until = now + seconds;
    this.#until.set(name, until);
    tryToKeep(this.#store, () => this.#store.settings.set(PREFIX + name, String(until)));
  }

  /** Whether it is put aside now. One whose time is over is forgotten. */
  has(name: string, now: number): boolean {
    const until = this.#until.get(name);
    if (until === undefined) return false;
    // A clock that was put back must not keep a query away for longer than it was meant to.
    if (now < until && until <= now + PENALTY) return true;
    this.#until.delete(name);
    tryToKeep(this.#store, () => this.#store.settings.delete(PREFIX + name));
    return false;
  }
}
