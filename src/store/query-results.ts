import type { Preparing, Statement } from './database.ts';

/** What is kept of a scheduled query beside its rows. Epoch and counter are unsigned 64-bit numbers. */
export interface QueryState {
  readonly id: number;
  readonly sql: string;
  readonly epoch: bigint;
  readonly counter: bigint;
}

/** As many rows as are deleted in a millisecond. */
const DELETED_AT_ONCE = 400;
/** One that runs once a week may not have run for longer than others are kept. */
const FORGOTTEN = 'last_run < ? AND name NOT IN (SELECT value FROM json_each(?))';

/** Rows of a query, equal ones once with a count, found by a digest of their text. */
export class QueryResults {
  readonly #state: Statement;
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #touch: Statement;
  readonly #digests: Statement;
  readonly #row: Statement;
  readonly #add: Statement;
  readonly #subtract: Statement;
  readonly #clean: Statement;
  readonly #clear: Statement;
  readonly #forgetRows: Statement;
  readonly #forgetQueries: Statement;

  constructor(database: Preparing) {
    this.#state = database.prepare('SELECT id, sql, epoch, counter FROM queries WHERE name = ?');
    this.#insert = database.prepare(
      "INSERT INTO queries (name, sql, epoch, counter, last_run) VALUES (?, '', '0', '0', 0) RETURNING id",
    );
    this.#update = database.prepare('UPDATE queries SET sql = ?, epoch = ?, counter = ? WHERE id = ?');
    this.#touch = database.prepare('UPDATE queries SET last_run = ? WHERE id = ?');
    this.#digests = database.prepare('SELECT digest, copies FROM results WHERE query = ?');
    this.#row = database.prepare('SELECT row FROM results WHERE query = ? AND digest = ?');
    this.#add = database.prepare(
      'INSERT INTO results VALUES (?, ?, ?, ?) ON CONFLICT (query, digest) DO UPDATE SET copies = copies + excluded.copies',
    );
    this.#subtract = database.prepare('UPDATE results SET copies = copies - ? WHERE query = ? AND digest = ?');
    this.#clean = database.prepare('DELETE FROM results WHERE query = ? AND digest = ? AND copies <= 0');
    this.#clear = database.prepare('DELETE FROM results WHERE query = ?');
    this.#forgetRows = database.prepare(
      `DELETE FROM results WHERE (query, digest) IN (
         SELECT query, digest FROM results JOIN queries ON query = id WHERE ${FORGOTTEN} LIMIT ?)`,
    );
    this.#forgetQueries = database.prepare(`DELETE FROM queries WHERE ${FORGOTTEN}`);
  }

  /** Undefined for a query that never ran. */
  state(name: string): QueryState | undefined {
    const row = this.#state.get(name) as { id: number; sql: string; epoch: string; counter: string } | undefined;
    return row && { id: row.id, sql: row.sql, epoch: BigInt(row.epoch), counter: BigInt(row.counter) };
  }

  /** Begins to keep a query; its id. */
  create(name: string): number {
    return this.#insert.get(name)!['id'] as number;
  }

  update({ id, sql, epoch, counter }: QueryState): void {
    this.#update.run(sql, epoch.toString(), counter.toString(), id);
  }

  /** It ran now, Unix seconds. */
  touch(id: number, now: number): void {
    this.#touch.run(now, id);
  }

  /** Digests of the rows of the last run, and how many times each was there. */
  digests(id: number): Map<string, number> {
    const found = new Map<string, number>();
    for (const row of this.#digests.iterate(id)) found.set(row['digest'] as string, row['copies'] as number);
    return found;
  }

  row(id: number, digest: string): string | undefined {
    return this.#row.get(id, digest)?.['row'] as string | undefined;
  }

  add(id: number, digest: string, row: string): void {
    this.#add.run(id, digest, 1, row);
  }

  remove(id: number, digest: string, copies: number): void {
    this.#subtract.run(copies, id, digest);
    this.#clean.run(id, digest);
  }

  clear(id: number): void {
    this.#clear.run(id);
  }

  /**
   * Forgets queries that did not run since then, Unix seconds, and are not among those to `keep`: some of their rows, or
   * where there are none left, themselves. Whether there is more to do; call it again then, so that nobody waits for a
   * million rows.
   */
  forget(before: number, keep: readonly string[] = []): boolean {
    const names = JSON.stringify(keep);
    const { changes } = this.#forgetRows.run(before, names, DELETED_AT_ONCE);
    if (Number(changes) > 0) return true;
    this.#forgetQueries.run(before, names);
    return false;
  }
}
