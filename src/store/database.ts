import type {
  DatabaseSync,
  SQLInputValue,
  SQLOutputValue,
  StatementResultingChanges,
  StatementSync,
} from 'node:sqlite';
import { isDamage } from './damaged.ts';
import { StoreDamaged } from './store.ts';

type Row = Record<string, SQLOutputValue>;

export interface Statement {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  iterate(...values: SQLInputValue[]): Iterable<Row>;
  run(...values: SQLInputValue[]): StatementResultingChanges;
}

/** Prepares statements: SQLite itself, or what stands before it. */
export interface Preparing {
  prepare(sql: string): Statement;
}

/** Moves a damaged database aside; the new one that takes its place. */
export type Renew = (damage: Error) => DatabaseSync;

/**
 * A database that may turn out to be damaged while it is in use. Who finds out gets `StoreDamaged`; from then on everybody
 * writes to a new one.
 */
export class Database implements Preparing {
  readonly #renew: Renew | undefined;
  #current: DatabaseSync;
  #damage: Error | undefined;
  #inTransaction = false;

  /** Without `renew` damage is an error like others. */
  constructor(database: DatabaseSync, renew?: Renew) {
    this.#current = database;
    this.#renew = renew;
  }

  get current(): DatabaseSync {
    return this.#current;
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  prepare(sql: string): Statement {
    return new LastingStatement(this, sql);
  }

  /** Runs `work` between BEGIN and COMMIT. */
  transaction<T>(work: () => T): T {
    this.attempt(() => this.#current.exec('BEGIN IMMEDIATE'));
    this.#inTransaction = true;
    try {
      const result = work();
      if (this.#damage !== undefined) throw this.#damage;
      this.attempt(() => this.#current.exec('COMMIT'));
      return result;
    } catch (cause) {
      // SQLite has rolled back by itself where the disk is full.
      if (this.#current.isTransaction) this.#current.exec('ROLLBACK');
      throw cause;
    } finally {
      this.#inTransaction = false;
      this.#renewIfDamaged();
    }
  }

  /** What `use` returns; looks at what it throws. */
  attempt<T>(use: () => T): T {
    try {
      return use();
    } catch (cause) {
      throw this.failure(cause);
    }
  }

  /** What the caller gets in place of an error of SQLite. */
  failure(cause: unknown): unknown {
    if (this.#renew === undefined || !isDamage(cause)) return cause;
    this.#damage = new StoreDamaged((cause as Error).message);
    const { message } = this.#damage;
    // A transaction ends first: none of it is to be in one database and the rest in another.
    if (!this.#inTransaction) this.#renewIfDamaged();
    return new StoreDamaged(message);
  }

  close(): void {
    if (this.#current.isOpen) this.#current.close();
  }

  #renewIfDamaged(): void {
    const damage = this.#damage;
    if (damage === undefined) return;
    this.#damage = undefined;
    this.close();
    this.#current = this.#renew!(damage);
  }
}

/** A statement that is prepared again for the database that is there now. */
class LastingStatement implements Statement {
  readonly #database: Database;
  readonly #sql: string;
  #prepared: StatementSync | undefined;
  #preparedBy: DatabaseSync | undefined;

  constructor(database: Database, sql: string) {
    this.#database = database;
    this.#sql = sql;
  }

  get(...values: SQLInputValue[]) {
    return this.#database.attempt(() => this.#statement().get(...values));
  }

  all(...values: SQLInputValue[]) {
    return this.#database.attempt(() => this.#statement().all(...values));
  }

  run(...values: SQLInputValue[]) {
    return this.#database.attempt(() => this.#statement().run(...values));
  }

  *iterate(...values: SQLInputValue[]) {
    try {
      yield* this.#statement().iterate(...values);
    } catch (cause) {
      throw this.#database.failure(cause);
    }
  }

  #statement(): StatementSync {
    const { current } = this.#database;
    if (this.#prepared === undefined || this.#preparedBy !== current) {
      this.#prepared = current.prepare(this.#sql);
      this.#preparedBy = current;
    }
    return this.#prepared;
  }
}
