import { DatabaseSync } from 'node:sqlite';
import { monotonicNow } from '../base/clock.ts';
import { UserError } from '../base/errors.ts';
import { unsafe } from '../base/unsafe-path.ts';
import { damagedName, isRefusal, openOrRenew, renew } from './damaged.ts';
import { type Connection, Database, type Renew } from './database.ts';
import { EventCursors } from './event-cursors.ts';
import { LogQueue } from './log-queue.ts';
import type { QueryChange } from './query-change.ts';
import { QueryResults } from './query-results.ts';
import { Refusals } from './refusals.ts';
import { RunKeeper } from './run-keeper.ts';
import { migrate } from './schema.ts';
import { Settings } from './settings.ts';
import { type RunLog, type Store, StoreDamaged, type StoreEntry, type StoreFiles, StoreFull } from './store.ts';
import { MOST_UNKEPT, Unkept } from './unkept.ts';

/** In the directory that `--database_path` names; osquery's own files in it, a RocksDB, are left alone. */
const FILE = 'store.sqlite';

/** How long a patient one waits for a process that ends. */
const PATIENCE_MS = 5000;

/** https://sqlite.org/rescode.html */
const CODE = { busy: 5, corrupt: 11 };

/** A store that is gone when the program ends. */
export function openMemoryStore(): Store {
  return new SqliteStore(opened(':memory:'));
}

/** A store over a database that is open. `renew`: what takes its place where it is damaged. */
export function storeOver(
  database: Connection,
  renewed?: Renew,
  warn: (message: string) => void = () => {},
  mostUnkept = MOST_UNKEPT,
): Store {
  return new SqliteStore(database, renewed, warn, mostUnkept);
}

/**
 * The store in a directory, made if it is not there. A damaged one is moved aside with a warning, and a new one begun, also
 * where that is found out only later: an agent without its memory is better than none. `patient` waits some seconds for a
 * process that has it. Throws `UserError` where another process has it, or a newer version made it, and `StoreFull` where
 * there is no room for it.
 */
export function openStore(
  directory: string,
  files: StoreFiles,
  warn: (message: string) => void,
  { patient = false } = {},
): Store {
  const path = `${directory}/${FILE}`;
  const reason = files.distrusted(directory);
  if (reason !== undefined) throw new UserError(unsafe('database_path', directory, reason));
  try {
    files.makeDirectory(directory);
    files.create(path);
    const open = () => opened(path, patient ? PATIENCE_MS : 0);
    const anew: Renew = (damage) => {
      try {
        return renew(path, files, warn, damage, open);
      } catch (cause) {
        warn(`${path}: no new one can be made (${(cause as Error).message}); nothing is kept over a restart`);
        return opened(':memory:');
      }
    };
    return new SqliteStore(openOrRenew(path, files, warn, open), anew, (message) => warn(`${path}: ${message}`));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    if (codeOf(cause) === CODE.busy) throw new UserError(heldBy(path, files.lockHolder(path)));
    if (isRefusal(cause) || cause instanceof StoreFull)
      throw new StoreFull(`${path}: cannot be written: ${(cause as Error).message}`);
    throw new UserError(`${path}: cannot be opened: ${(cause as Error).message}`);
  }
}

/** Where events are kept, beside the store. */
export function eventsFile(directory: string): string {
  return `${directory}/events.sqlite`;
}

/** Removes the store and the events of a directory, damaged ones that were moved aside, too; the paths. Nobody may have it open. */
export function removeStore(directory: string, files: StoreFiles): string[] {
  const removed: string[] = [];
  const remove = (name: string) => {
    for (const suffix of ['-wal', '-shm', '']) {
      if (!files.exists(name + suffix)) continue;
      files.remove(name + suffix);
      removed.push(name + suffix);
    }
  };
  const held = files.lockHolder(`${directory}/${FILE}`);
  if (held !== undefined) throw new UserError(heldBy(`${directory}/${FILE}`, held));
  for (const path of [`${directory}/${FILE}`, eventsFile(directory)]) {
    remove(path);
    for (let i = 1; files.exists(damagedName(path, i)); i++) remove(damagedName(path, i));
  }
  return removed;
}

/** Our database at `path`, locked, checked if the last one to have it did not close it, and of the present version. */
function opened(path: string, timeout = 0): DatabaseSync {
  const database = new DatabaseSync(path, { timeout });
  try {
    // Exclusive: one process has it, and needs no shared memory beside it. NORMAL: a commit is safe from a crash of the
    // agent without waiting for the disk; a loss of power may take the last ones, never the file.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    // What SQLite sorts it keeps in memory: a full /tmp is no reason to stop.
    database.exec('PRAGMA temp_store = MEMORY');
    // Writing the log back is what a commit may have to wait for: pages of 4 KiB, so 4 ms instead of the default's 9.
    database.exec(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}`);
    migrate(database, path);
    // Takes the lock now, not with the first write.
    database.exec('BEGIN IMMEDIATE; COMMIT');
    checkAfterCrash(database);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** Pages of the log after which it is written back. */
const LOG_PAGES = 400;

const OPEN = 'store.open';
/** What a setting that must stay between us is shown as. */
const MASK = '********';

/** A whole check costs a second for each 500 MB, so it is made only where the last process did not say good-bye. */
function checkAfterCrash(database: DatabaseSync): void {
  const settings = new Settings(new Database(database));
  if (settings.get(OPEN) !== undefined) {
    const [row] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
    if (row?.quick_check !== 'ok') {
      const reason = row?.quick_check.split('\n').at(-1) ?? 'no answer';
      throw Object.assign(new Error(reason), { errcode: CODE.corrupt });
    }
  }
  settings.set(OPEN, '1');
}

class SqliteStore implements Store {
  readonly settings: Settings;
  readonly results: QueryResults;
  readonly cursors: EventCursors;
  readonly #database: Database;
  readonly #queues = new Map<string, LogQueue>();
  readonly #runs: RunKeeper;

  constructor(
    database: Connection,
    anew?: Renew,
    warn: (message: string) => void = () => {},
    mostUnkept = MOST_UNKEPT,
  ) {
    const unkept = new Unkept(mostUnkept);
    this.#database = new Database(database, anew && ((damage) => this.#renewed(anew, damage)));
    this.settings = new Settings(this.#database);
    this.results = new QueryResults(this.#database, this.settings, unkept);
    this.cursors = new EventCursors(this.#database, unkept);
    this.#runs = new RunKeeper(this, unkept, (text) => this.#pragma(text), new Refusals(warn, monotonicNow));
  }

  logs(logger: string): LogQueue {
    let queue = this.#queues.get(logger);
    if (queue === undefined) {
      queue = new LogQueue(this.#database, logger);
      this.#queues.set(logger, queue);
    }
    return queue;
  }

  transaction<T>(work: () => T, { durable = false } = {}): T {
    if (this.#database.inTransaction) return work();
    try {
      if (durable) this.#pragma('synchronous = FULL');
      return this.#database.transaction(work);
    } catch (cause) {
      for (const queue of this.#queues.values()) queue.rolledBack();
      throw cause;
    } finally {
      if (durable) this.#pragma('synchronous = NORMAL');
    }
  }

  keepRun(change: QueryChange, log: RunLog): void {
    this.#runs.keep(change, log);
  }

  *entries(): Generator<StoreEntry> {
    for (const [key, value] of this.settings.entries()) {
      yield { domain: 'settings', key, value: /secret|key|token/.test(key) ? MASK : value };
    }
    const all = (sql: string) => this.#database.prepare(sql).iterate() as Iterable<{ key: string; value: string }>;
    for (const row of all("SELECT name AS key, epoch || ' ' || counter || ' ' || sql AS value FROM queries ORDER BY 1"))
      yield { domain: 'queries', ...row };
    for (const row of all(
      "SELECT name || '.' || digest AS key, row AS value FROM results JOIN queries ON query = id ORDER BY 1",
    ))
      yield { domain: 'results', ...row };
    for (const row of all("SELECT logger || '.' || id AS key, line AS value FROM logs ORDER BY logger, id"))
      yield { domain: 'logs', ...row };
  }

  [Symbol.dispose](): void {
    if (!this.#database.current.isOpen) return;
    try {
      this.#runs.writeUnkept(Number.POSITIVE_INFINITY);
      this.settings.delete(OPEN);
    } catch (cause) {
      // Then the next one checks; there is nothing to be lost by it.
      if (!(cause instanceof StoreFull || cause instanceof StoreDamaged)) throw cause;
    } finally {
      this.#database.close();
    }
  }

  #renewed(anew: Renew, damage: Error): Connection {
    for (const queue of this.#queues.values()) queue.renewed();
    this.#runs.renewed();
    this.results.renewed();
    return anew(damage);
  }

  #pragma(text: string): void {
    this.#database.attempt(() => this.#database.current.exec(`PRAGMA ${text}`));
  }
}

function codeOf(cause: unknown): number | undefined {
  const code = (cause as { errcode?: unknown }).errcode;
  // The primary code of an extended one.
  return typeof code === 'number' ? code & 0xff : undefined;
}

function heldBy(path: string, holder: number | undefined): string {
  const who = holder === undefined ? 'another process has it' : `process ${holder} has it`;
  return `${path}: ${who}; stop it, or name another --database_path`;
}
