import type { PieceOf } from '../config/configuration.ts';
import type { Decorators } from '../config/decorators.ts';

/** The first row of a query, column by column; empty where it has none, undefined where it fails. */
export type FirstRow = (sql: string) => Promise<Readonly<Record<string, string>> | undefined>;

/**
 * What decorator queries found last: the first row of each adds its columns, a later one wins. What was found stays until
 * the query returns something else, also where the configuration is read anew in between.
 */
export class Decorations {
  readonly #firstRow: FirstRow;
  #decorators: readonly Decorators[] = [];
  /** By SQL. */
  #found = new Map<string, Readonly<Record<string, string>>>();
  /** Per interval the last multiple of it that was done. */
  readonly #done = new Map<number, number>();

  constructor(firstRow: FirstRow) {
    this.#firstRow = firstRow;
  }

  /** For each line of results, by name. */
  get pairs(): readonly (readonly [name: string, value: string])[] {
    const merged = new Map<string, string>();
    for (const sql of this.#queries()) {
      for (const [name, value] of Object.entries(this.#found.get(sql) ?? {})) merged.set(name, value);
    }
    return [...merged].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /**
   * Takes the decorators of a configuration and runs those that run when it is loaded; those of intervals, too, so that
   * none is missing until then. `now`: Unix seconds.
   */
  async load(pieces: readonly PieceOf<Decorators>[], now: number, firstRow = this.#firstRow): Promise<void> {
    this.#decorators = pieces.map(({ value }) => value);
    const queries = new Set(this.#queries());
    this.#found = new Map([...this.#found].filter(([sql]) => queries.has(sql)));
    for (const { load, intervals } of this.#decorators) {
      await this.#run(load, firstRow);
      for (const { queries: due } of intervals) {
        await this.#run(
          due.filter((sql) => !this.#found.has(sql)),
          firstRow,
        );
      }
    }
    this.#markDone(now);
  }

  /** Runs what is due before a scheduled query; of two at a time only one runs what is due at intervals. */
  async beforeQuery(now: number, firstRow = this.#firstRow): Promise<void> {
    const isDue = (every: number) => (this.#done.get(every) ?? -1) < now - (now % every);
    const due = this.#decorators.map(({ always, intervals }) => [
      ...always,
      ...intervals.filter(({ every }) => isDue(every)).flatMap(({ queries }) => queries),
    ]);
    this.#markDone(now);
    for (const queries of due) await this.#run(queries, firstRow);
  }

  #markDone(now: number): void {
    for (const { intervals } of this.#decorators) {
      for (const { every } of intervals) this.#done.set(every, now - (now % every));
    }
  }

  /** In the order in which their columns win over each other. */
  *#queries(): Generator<string> {
    for (const { load, always, intervals } of this.#decorators) {
      yield* load;
      yield* always;
      for (const { queries } of intervals) yield* queries;
    }
  }

  async #run(queries: readonly string[], firstRow: FirstRow): Promise<void> {
    for (const sql of queries) {
      const row = await firstRow(sql);
      if (row !== undefined) this.#found.set(sql, row);
    }
  }
}
