import type { Severity } from '../../loggers/logger.ts';
import type { ThreadUse } from '../thread-use.ts';

/** What a worker tells its watcher. */
export type FromWorker =
  /** Everything is up; what goes wrong from now on is no mistake in how it was started. */
  | { readonly kind: 'up' }
  /** A scheduled query begins, by its full name. */
  | { readonly kind: 'begins'; readonly query: string }
  /** What it has used so far. */
  | { readonly kind: 'uses'; readonly query: string; readonly use: ThreadUse }
  /** What it has used; from here on the main thread of the worker is at work on its rows, and says nothing. */
  | { readonly kind: 'logs'; readonly query: string; readonly use: ThreadUse }
  | { readonly kind: 'ends'; readonly query: string; readonly use: ThreadUse }
  /** All is closed; threads that hang may keep the process from ending, and nobody should wait for it. */
  | { readonly kind: 'leaves' }
  /** The worker ends because it is done; nobody should start another. */
  | { readonly kind: 'done' }
  /** It cannot start. */
  | { readonly kind: 'failed'; readonly message: string };

/** What a watcher tells its worker. */
export type ToWorker =
  /** Stop this query, if it still runs, and put it aside. */
  | { readonly kind: 'stop'; readonly query: string; readonly reason: string }
  /** It ran when the last worker went too far: put it aside. */
  | { readonly kind: 'denylist'; readonly query: string; readonly reason: string }
  /** The watcher has no loggers of its own. */
  | { readonly kind: 'say'; readonly severity: Severity; readonly message: string };
