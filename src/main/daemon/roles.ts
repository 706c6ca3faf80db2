/** Set for a worker: the pid of its watcher. osquery calls it so. */
export const WORKER = 'OSQUERY_WORKER';
/** Set for a daemon that was put into the background. */
export const BACKGROUND = 'OSQUERY_BACKGROUND';
