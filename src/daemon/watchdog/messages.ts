import type { Severity } from '../../loggers/logger.ts';

/** What a worker tells its watcher. */
export type FromWorker =
  /** Everything is up; what goes wrong from now on is no mistake in how it was started. */
  | { readonly kind: 'up' }
  /** A scheduled query begins, by its full name. */
  | { readonly kind: 'begins'; readonly query: string }
  | { readonly kind: 'ends'; readonly query: string }
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
