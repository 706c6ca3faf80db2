import type {
  DatabaseSync,
  SQLInputValue,
  SQLOutputValue,
  StatementResultingChanges,
  StatementSync,
} from 'node:sqlite';
import { isDamage, isIoError, isOfTheSystem } from './damaged.ts';
import { StoreDamaged, StoreFull } from './store.ts';

type Row = Record<string, SQLOutputValue>;

export interface Statement {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  iterate(...values: SQLInputValue[]): Iterable<Row>;
  run(...values: SQLInputValue[]): StatementResultingChanges;
}

/** Prepares statements. */
export interface Preparing {
  /** `again`: it makes sense of a new, empty database, too, and outside a transaction it runs there where the old one is damaged. */
  prepare(sql: string, options?: { readonly again?: boolean }): Statement;
}

/** What is used of SQLite; a test puts something of its own there. */
export type Connection = Pick<DatabaseSync, 'prepare' | 'exec' | 'close' | 'isOpen' | 'isTransaction'>;

/** Moves a damaged database aside; the new one that takes its place. */
export type Renew = (damage: Error) => Connection;

/**
 * A database that may turn out to be damaged while it is in use. Who finds out gets `StoreDamaged`; from then on everybody
 * writes to a new one. A disk that takes nothing is `StoreFull`.
 */
export class Database implements Preparing {
  readonly #renew: Renew | undefined;
  #current: Connection;
  #damage: Error | undefined;
  #inTransaction = false;

  /** Without `renew` damage is an error like others. */
  constructor(database: Connection, renew?: Renew) {
    this.#current = database;
    this.#renew = renew;
  }

  get current(): Connection {
    return this.#current;
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  prepare(sql: string, { again = false } = {}): Statement {
    return new LastingStatement(this, sql, again);
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
      this.#rollBack();
      throw cause;
    } finally {
      this.#inTransaction = false;
      this.#renewIfDamaged();
    }
  }

  /** What `use` returns; looks at what it throws. `reads`: it writes nothing. */
  attempt<T>(use: () => T, reads = false): T {
    try {
      return use();
    } catch (cause) {
      throw this.failure(cause, reads);
    }
  }

  /** What the caller gets in place of an error of SQLite. */
  failure(cause: unknown, reads: boolean): unknown {
    const isLost = isDamage(cause) || (reads && isIoError(cause));
    if (isOfTheSystem(cause) && !isLost) return new StoreFull((cause as Error).message);
    if (this.#renew === undefined || !isLost) return cause;
    this.#damage = new StoreDamaged((cause as Error).message);
    const { message } = this.#damage;
    // A transaction ends first: none of it is to be in one database and the rest in another.
    if (!this.#inTransaction) this.#renewIfDamaged();
    return new StoreDamaged(message);
  }

  close(): void {
    if (this.#current.isOpen) this.#current.close();
  }

  #rollBack(): void {
    // SQLite has rolled back by itself where the disk is full.
    if (!this.#current.isTransaction) return;
    try {
      this.#current.exec('ROLLBACK');
    } catch {
      // Then the disk is gone; why the transaction failed says more.
    }
  }

  #renewIfDamaged(): void {
    const damage = this.#damage;
    if (damage === undefined) return;
    this.#damage = undefined;
    try {
      this.close();
    } catch {
      // What is damaged is not closed for it; the file is moved aside.
    }
    this.#current = this.#renew!(damage);
  }
}

/** A statement that is prepared again for the database that is there now. */
class LastingStatement implements Statement {
  readonly #database: Database;
  readonly #sql: string;
  readonly #again: boolean;
  readonly #reads: boolean;
  #prepared: StatementSync | undefined;
  #preparedBy: Connection | undefined;

  constructor(database: Database, sql: string, again: boolean) {
    this.#database = database;
    this.#sql = sql;
    this.#again = again;
    this.#reads = sql.startsWith('SELECT');
  }

  get(...values: SQLInputValue[]) {
    return this.#use((statement) => statement.get(...values));
  }

  all(...values: SQLInputValue[]) {
    return this.#use((statement) => statement.all(...values));
  }

  run(...values: SQLInputValue[]) {
    return this.#use((statement) => statement.run(...values));
  }

  *iterate(...values: SQLInputValue[]) {
    try {
      yield* this.#statement().iterate(...values);
    } catch (cause) {
      throw this.#database.failure(cause, this.#reads);
    }
  }

  #use<T>(use: (statement: StatementSync) => T): T {
    const attempt = () => this.#database.attempt(() => use(this.#statement()), this.#reads);
    try {
      return attempt();
    } catch (cause) {
      if (!(this.#again && cause instanceof StoreDamaged) || this.#database.inTransaction) throw cause;
      return attempt();
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
