import { type Store, tryToKeep } from '../store/store.ts';

/** Seconds that a query which cost too much does not run: a day, as in osquery. */
const PENALTY = 86_400;
const PREFIX = 'denylist.';

/** Queries that are put aside for a day, kept over restarts. Times are Unix seconds. */
export class Denylist {
  readonly #store: Store;
  readonly #until = new Map<string, number>();

  constructor(store: Store) {
    this.#store = store;
    for (const [name, until] of store.settings.entries(PREFIX)) {
      this.#until.set(name.slice(PREFIX.length), Number(until));
    }
  }

  add(name: string, now: number): void {
    const until = now + PENALTY;
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
