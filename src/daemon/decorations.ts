import type { PieceOf } from '../config/configuration.ts';
import type { Decorators } from '../config/decorators.ts';

/** The first row of a query, column by column; undefined where it has none, or fails. */
export type FirstRow = (sql: string) => Promise<Readonly<Record<string, string>> | undefined>;

/**
 * What decorator queries found last: the first row of each adds its columns, a later one wins. What was found stays until
 * the query runs again, also where the configuration is read anew in between.
 */
export class Decorations {
  readonly #pieces: readonly PieceOf<Decorators>[];
  readonly #firstRow: FirstRow;
  readonly #found = new Map<string, string>();
  /** Per interval the last multiple of it that was done. */
  readonly #done = new Map<number, number>();

  constructor(pieces: readonly PieceOf<Decorators>[], firstRow: FirstRow) {
    this.#pieces = pieces;
    this.#firstRow = firstRow;
  }

  /** For each line of results, by name. */
  get pairs(): readonly (readonly [name: string, value: string])[] {
    return [...this.#found].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Runs those that run when a configuration is loaded; those of intervals, too, so that none is missing until then. */
  async load(now: number): Promise<void> {
    for (const { value } of this.#pieces) await this.#run(value.load);
    await this.beforeQuery(now, false);
  }

  /** Runs what is due before a scheduled query. `now`: Unix seconds. */
  async beforeQuery(now: number, always = true): Promise<void> {
    for (const { value } of this.#pieces) {
      if (always) await this.#run(value.always);
      for (const { every, queries } of value.intervals) {
        const due = now - (now % every);
        if ((this.#done.get(every) ?? -1) >= due) continue;
        await this.#run(queries);
      }
    }
    for (const { value } of this.#pieces)
      for (const { every } of value.intervals) this.#done.set(every, now - (now % every));
  }

  async #run(queries: readonly string[]): Promise<void> {
    for (const sql of queries) {
      const row = (await this.#firstRow(sql)) ?? {};
      for (const [name, value] of Object.entries(row)) this.#found.set(name, value);
    }
  }
}
