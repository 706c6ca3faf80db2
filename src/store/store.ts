import type { EventCursors } from './event-cursors.ts';
import type { LogQueue } from './log-queue.ts';
import type { QueryChange } from './query-change.ts';
import type { QueryResults } from './query-results.ts';
import type { Settings } from './settings.ts';

/**
 * What an agent remembers: settings, results of queries, events, logs to be sent. One process writes; everything that must
 * hold together is written in one transaction.
 */
export interface Store extends Disposable {
  readonly settings: Settings;
  /** Rows of scheduled queries, to tell what the next run changes. */
  readonly results: QueryResults;
  /** How far scheduled queries have come in the tables of events. */
  readonly cursors: EventCursors;
  /** Lines that wait for a server, one queue a logger. */
  logs(logger: string): LogQueue;
  /**
   * Runs `work`; all that it writes is kept, or nothing if it throws. Transactions do not nest: one inside another is part
   * of it. Kept means over a crash of the agent; `durable` means over a loss of power, too, which costs a write to the
   * disk.
   */
  transaction<T>(work: () => T, options?: { readonly durable?: boolean }): T;
  /**
   * Logs a run of a query and keeps what it changed. Where the disk takes nothing, what was logged is remembered in memory
   * and kept as soon as it can be, so that the next run does not log it again; where there is no room for that either,
   * nothing is logged. Throws `NotLogged` then, and where nobody took the lines: nothing is kept, and the next run finds the
   * same.
   */
  keepRun(change: QueryChange, log: RunLog): void;
  /** All that is kept, for people to look at. */
  entries(): Generator<StoreEntry>;
}

/** How the lines of a run are logged. */
export interface RunLog {
  /** Gives them to loggers outside the store; false where none of these took them. Called once. */
  readonly lines: () => boolean;
  /** Gives lines to loggers that keep them in the store; undefined where there are none. */
  readonly queue?: ((lines: readonly string[]) => void) | undefined;
}

export interface StoreEntry {
  readonly domain: 'settings' | 'queries' | 'results' | 'logs';
  readonly key: string;
  readonly value: string;
}

/**
 * The disk takes nothing: it is full, read-only or broken. Nothing was written, and the store is as it was. What the caller
 * cannot keep it counts as lost.
 */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}

/** The store was found to be damaged. Its file is moved aside, and from here on there is a new one. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged';
}

/** The lines of a run went nowhere, and it is not kept either. Somebody has said why. */
export class NotLogged extends Error {
  override readonly name = 'NotLogged';
}

/** What opening a store does beside SQLite's own work. */
export interface StoreFiles {
  /** Why somebody else may put something of theirs into a directory; undefined where nobody can. */
  distrusted(directory: string): string | undefined;
  /** Makes a directory that only its owner may enter, and those above it. */
  makeDirectory(path: string): void;
  /** Makes an empty file that only its owner may read, if there is none. Throws `UserError` where somebody else's is there. */
  create(path: string): void;
  exists(path: string): boolean;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Pid of a process that has the file locked, `/proc/locks` in proc(5); undefined if nobody can tell. */
  lockHolder(path: string): number | undefined;
}

/**
 * Keeps what the agent can do without: false where the disk takes nothing. `work` runs again where the store turns out to
 * be damaged: the new one has nothing of it.
 */
export function tryToKeep(store: Store, work: () => void): boolean {
  for (let anew = true; ; anew = false) {
    try {
      store.transaction(work);
      return true;
    } catch (cause) {
      if (cause instanceof StoreDamaged && anew) continue;
      if (cause instanceof StoreFull || cause instanceof StoreDamaged) return false;
      throw cause;
    }
  }
}
