import { randomBytes } from 'node:crypto';
import type { Preparing, Statement } from './database.ts';
import type { QueryChange, QueryState } from './query-change.ts';
import type { Settings } from './settings.ts';
import type { Unkept } from './unkept.ts';

/** As many rows as are deleted in a millisecond. */
const DELETED_AT_ONCE = 400;
/** One that runs once a week may not have run for longer than others are kept. */
const FORGOTTEN = 'last_run < ? AND name NOT IN (SELECT value FROM json_each(?))';
const SECRET = 'results.secret';

/** Rows of a query, equal ones once with a count, found by a digest of their text. */
export class QueryResults {
  readonly #settings: Settings;
  readonly #unkept: Unkept;
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
  #secret: string | undefined;

  constructor(database: Preparing, settings: Settings, unkept: Unkept) {
    this.#settings = settings;
    this.#unkept = unkept;
    this.#state = database.prepare('SELECT id, sql, epoch, counter FROM queries WHERE name = ?');
    this.#insert = database.prepare(
      "INSERT INTO queries (name, sql, epoch, counter, last_run) VALUES (?, '', '0', '0', 0) RETURNING id",
    );
    this.#update = database.prepare('UPDATE queries SET sql = ?, epoch = ?, counter = ? WHERE id = ?');
    this.#touch = database.prepare('UPDATE queries SET last_run = ? WHERE id = ?');
    const id = '(SELECT id FROM queries WHERE name = ?)';
    this.#digests = database.prepare(`SELECT digest, copies FROM results WHERE query = ${id}`);
    this.#row = database.prepare(`SELECT row FROM results WHERE query = ${id} AND digest = ?`);
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

  /** What digests are made with, so that nobody outside can foresee them. Kept with the first of them. */
  get secret(): string {
    this.#secret ??= this.#settings.get(SECRET) ?? randomBytes(32).toString('base64');
    return this.#secret;
  }

  /** Undefined for a query that never ran. */
  state(query: string): QueryState | undefined {
    return this.#unkept.of(query)?.state ?? this.#kept(query);
  }

  /** Digests of the rows of the last run, and how many times each was there. */
  digests(query: string): Map<string, number> {
    const found = new Map<string, number>();
    const unkept = this.#unkept.of(query);
    if (!unkept?.clear) {
      for (const row of this.#digests.iterate(query)) found.set(row['digest'] as string, row['copies'] as number);
    }
    for (const [digest, { copies }] of unkept?.rows ?? []) {
      const all = (found.get(digest) ?? 0) + copies;
      if (all > 0) found.set(digest, all);
      else found.delete(digest);
    }
    return found;
  }

  row(query: string, digest: string): string | undefined {
    const unkept = this.#unkept.of(query)?.rows?.get(digest)?.row;
    return unkept ?? (this.#row.get(query, digest)?.['row'] as string | undefined);
  }

  /** Keeps what a run changed, in a transaction. */
  keep({ query, state, clear = false, rows, lastRun }: QueryChange): void {
    if (lastRun === undefined) return;
    if (this.#secret !== undefined && this.#settings.get(SECRET) === undefined) {
      this.#settings.set(SECRET, this.#secret);
    }
    const id = this.#kept(query)?.id ?? (this.#insert.get(query)!['id'] as number);
    if (clear) this.#clear.run(id);
    for (const [digest, { copies, row }] of rows ?? []) {
      if (copies > 0) this.#add.run(id, digest, copies, row!);
      else {
        this.#subtract.run(-copies, id, digest);
        this.#clean.run(id, digest);
      }
    }
    if (state !== undefined) this.#update.run(state.sql, state.epoch.toString(), state.counter.toString(), id);
    this.#touch.run(lastRun, id);
  }

  /** The file is another one. */
  renewed(): void {
    this.#secret = undefined;
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

  #kept(query: string): (QueryState & { readonly id: number }) | undefined {
    const row = this.#state.get(query) as { id: number; sql: string; epoch: string; counter: string } | undefined;
    return row && { id: row.id, sql: row.sql, epoch: numberOf(row.epoch), counter: numberOf(row.counter) };
  }
}

/** A disk that lost bits begins anew, with a number that no epoch has, rather than fail with each run. */
function numberOf(text: string): bigint {
  return /^\d+$/.test(text) ? BigInt(text) : -1n;
}
