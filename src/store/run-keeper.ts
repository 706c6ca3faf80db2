import { type QueryChange, sizeOf } from './query-change.ts';
import type { Refusals } from './refusals.ts';
import { NotLogged, type RunLog, type Store, StoreDamaged, StoreFull } from './store.ts';
import type { Unkept } from './unkept.ts';

/** Characters of changes that SQLite keeps in memory by itself until they are committed: its default of 2,000 KiB. */
const CACHED = 2_048_000;

/** Logs runs, and keeps what they changed now or later: `Store.keepRun`. */
export class RunKeeper {
  readonly #store: Pick<Store, 'transaction' | 'results' | 'cursors'>;
  readonly #unkept: Unkept;
  readonly #pragma: (text: string) => void;
  readonly #refusals: Refusals;
  /** Of the last run that was logged. */
  #queue: RunLog['queue'];

  constructor(
    store: Pick<Store, 'transaction' | 'results' | 'cursors'>,
    unkept: Unkept,
    pragma: (text: string) => void,
    refusals: Refusals,
  ) {
    this.#store = store;
    this.#unkept = unkept;
    this.#pragma = pragma;
    this.#refusals = refusals;
  }

  keep(change: QueryChange, log: RunLog): void {
    const { queue } = log;
    this.#queue = queue;
    const all = this.#unkept.with(queue === undefined ? { ...change, queued: [] } : change);
    const isRemembered = this.#unkept.fits(all);
    let logged = false;
    const give = () => {
      if (!logged && !log.lines()) throw new NotLogged('no logger takes lines');
      logged = true;
    };
    // Most of what would not fit into memory is then on the disk before it is logged.
    const spills = !isRemembered && sizeOf(all) > CACHED;
    if (spills) this.#pragma('cache_size = 16');
    try {
      this.#store.transaction(() => {
        this.#write(all);
        give();
      });
      this.#unkept.delete(all.query);
      this.#refusals.taken();
    } catch (cause) {
      if (!(cause instanceof StoreFull)) throw cause;
      this.#refusals.refused(cause.message);
      if (!isRemembered) {
        this.#refusals.tooMuch(all.query);
        throw new NotLogged(cause.message);
      }
      give();
      this.#unkept.put(all);
      return;
    } finally {
      if (spills) this.#pragma('cache_size = -2000');
    }
    this.writeUnkept(1);
  }

  /** Writes what waits of so many queries, if the disk takes it. */
  writeUnkept(most: number): void {
    for (const query of [...this.#unkept.queries].slice(0, most)) {
      try {
        this.#store.transaction(() => this.#write(this.#unkept.of(query)!));
        this.#unkept.delete(query);
      } catch (cause) {
        if (cause instanceof StoreFull || cause instanceof StoreDamaged) return;
        throw cause;
      }
    }
  }

  /** The file is another one; what waits was to go to the old one. */
  renewed(): void {
    this.#unkept.clear();
  }

  #write(change: QueryChange): void {
    this.#store.results.keep(change);
    const { query, seen, queued = [] } = change;
    if (seen !== undefined) this.#store.cursors.set(query, seen.sql, seen.identity, seen.cursors);
    if (queued.length > 0) this.#queue?.(queued);
  }
}
