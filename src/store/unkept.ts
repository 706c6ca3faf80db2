import { joined, type QueryChange, type SeenCursors, sizeOf } from './query-change.ts';

/**
 * Characters of all changes that wait in memory: a twenty-fifth of what the watchdog lets a worker have. A schedule of 50
 * queries with a changed row of 500 characters each second fills it in five minutes.
 */
export const MOST_UNKEPT = 8 * 1024 * 1024;

/**
 * What was logged, and could not be kept as the disk took nothing: whoever compares looks here first, so that no row is
 * logged twice. It is written as soon as the disk takes it; a crash until then logs these rows once more.
 */
export class Unkept {
  readonly #changes = new Map<string, QueryChange>();
  readonly #most: number;
  #size = 0;

  constructor(most = MOST_UNKEPT) {
    this.#most = most;
  }

  /** Queries of which something waits. */
  get queries(): Iterable<string> {
    return this.#changes.keys();
  }

  of(query: string): QueryChange | undefined {
    return this.#changes.get(query);
  }

  cursorsOf(query: string, identity: string): SeenCursors['cursors'] | undefined {
    const seen = this.#changes.get(query)?.seen;
    return seen?.identity === identity ? seen.cursors : undefined;
  }

  /** All that waits of a query, with one more change, as one. */
  with(change: QueryChange): QueryChange {
    return joined(this.#changes.get(change.query), change);
  }

  /** Whether there is room for what waits of a query to become this. */
  fits(change: QueryChange): boolean {
    return this.#size - this.#sizeOf(change.query) + sizeOf(change) <= this.#most;
  }

  /** Has this wait in place of what waited of the query. */
  put(change: QueryChange): void {
    this.delete(change.query);
    this.#changes.set(change.query, change);
    this.#size += sizeOf(change);
  }

  delete(query: string): void {
    this.#size -= this.#sizeOf(query);
    this.#changes.delete(query);
  }

  clear(): void {
    this.#changes.clear();
    this.#size = 0;
  }

  #sizeOf(query: string): number {
    const change = this.#changes.get(query);
    return change === undefined ? 0 : sizeOf(change);
  }
}
