import type { Preparing, Statement } from './database.ts';

/** A line that waits. Ids only grow. */
export interface QueuedLine {
  readonly id: number;
  readonly line: string;
}

/**
 * Rows deleted with one statement: 400 lines of 500 bytes take 1 ms, 13 where the log is written back to the file, so that
 * nobody who writes waits longer than 20 ms while a queue of millions is cut (`bench/store.ts`).
 */
const DELETED_AT_ONCE = 400;

/** Lines in the order in which they came, until somebody says that they have arrived. */
export class LogQueue {
  readonly #logger: string;
  readonly #append: Statement;
  readonly #oldest: Statement;
  readonly #acknowledge: Statement;
  readonly #count: Statement;
  readonly #drop: Statement;
  /** Lines up to this id are where they belong, and could not be deleted yet; 0 for none. */
  arrived = 0;
  /** Counting 200,000 takes 4 ms, so it is done once; undefined until then. */
  #lines: number | undefined;

  constructor(database: Preparing, logger: string) {
    this.#logger = logger;
    this.#append = database.prepare('INSERT INTO logs (logger, line) VALUES (?, ?)');
    this.#oldest = database.prepare('SELECT id, line FROM logs WHERE logger = ? ORDER BY id LIMIT ?');
    this.#acknowledge = database.prepare(
      'DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE logger = ? AND id <= ? ORDER BY id LIMIT ?)',
    );
    this.#count = database.prepare('SELECT count(*) AS lines FROM logs WHERE logger = ?');
    this.#drop = database.prepare(
      'DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE logger = ? ORDER BY id LIMIT ?)',
    );
  }

  append(line: string): void {
    this.#append.run(this.#logger, line);
    if (this.#lines !== undefined) this.#lines += 1;
  }

  get length(): number {
    this.#lines ??= this.#count.get(this.#logger)!['lines'] as number;
    return this.#lines;
  }

  /** What was written since the last commit is undone. */
  rolledBack(): void {
    this.#lines = undefined;
  }

  /** The file is another one: what was in the old one is gone, and ids begin anew. */
  renewed(): void {
    this.#lines = undefined;
    this.arrived = 0;
  }

  /** The first lines, at most so many and, but for the first, so many characters in all. */
  oldest(lines: number, characters = Number.POSITIVE_INFINITY): QueuedLine[] {
    const batch: QueuedLine[] = [];
    let length = 0;
    for (const row of this.#oldest.iterate(this.#logger, lines)) {
      const { id, line } = row as unknown as QueuedLine;
      length += line.length;
      if (batch.length > 0 && length > characters) break;
      batch.push({ id, line });
    }
    return batch;
  }

  /** All up to this id have arrived. */
  acknowledge(id: number): void {
    while (this.#gone(this.#acknowledge.run(this.#logger, id, DELETED_AT_ONCE)) === DELETED_AT_ONCE);
  }

  /** Drops the oldest beyond `most`, some at a time; how many went. Call it again while it is not 0. */
  trim(most: number): number {
    const beyond = Math.min(this.length - most, DELETED_AT_ONCE);
    return beyond > 0 ? this.#gone(this.#drop.run(this.#logger, beyond)) : 0;
  }

  #gone({ changes }: { readonly changes: number | bigint }): number {
    if (this.#lines !== undefined) this.#lines -= Number(changes);
    return Number(changes);
  }
}
