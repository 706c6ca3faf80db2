import type { EventCursors } from './event-cursors.ts';
import type { LogQueue } from './log-queue.ts';
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
  /** All that is kept, for people to look at. */
  entries(): Generator<StoreEntry>;
}

export interface StoreEntry {
  readonly domain: 'settings' | 'queries' | 'results' | 'logs';
  readonly key: string;
  readonly value: string;
}

/** The disk has no room: nothing was written, and the store is as it was. What the caller cannot keep it counts as lost. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}

/** The store was found to be damaged. Its file is moved aside, and from here on there is a new one. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged';
}

/** What opening a store does beside SQLite's own work. */
export interface StoreFiles {
  /** Makes a directory that only its owner may enter, and those above it. */
  makeDirectory(path: string): void;
  /** Makes an empty file that only its owner may read, if there is none. */
  create(path: string): void;
  exists(path: string): boolean;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Pid of a process that has the file locked, `/proc/locks` in proc(5); undefined if nobody can tell. */
  lockHolder(path: string): number | undefined;
}

/** Keeps what the agent can do without: false where there is no room for it, or nothing left to keep it in. */
export function tryToKeep(store: Store, work: () => void): boolean {
  try {
    store.transaction(work);
    return true;
  } catch (cause) {
    if (cause instanceof StoreFull || cause instanceof StoreDamaged) return false;
    throw cause;
  }
}
