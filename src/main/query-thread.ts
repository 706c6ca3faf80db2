/** The thread that runs the SQL of the daemon. */
import { parentPort, workerData } from 'node:worker_threads';
import { Activity } from '../base/activity.ts';
import { customTableSource } from '../config/custom-table-source.ts';
import type { CustomTable } from '../config/custom-tables.ts';
import { OptionValues } from '../config/option-values.ts';
import { type QueryPort, serveQueries } from '../daemon/serve-queries.ts';
import { askState, type StateEnd } from '../daemon/state-channel.ts';
import { type LeftAlone, LeftAlonePlaces } from '../host/left-alone.ts';
import { cachedLink } from '../host/linux/cached.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { sqlRules } from '../host/linux/sandbox/kinds.ts';
import { userOf } from '../schema/process-user.ts';
import { EventReader } from '../store/event-store.ts';
import { DaemonAgent } from './agent.ts';
import { openEngine, warningText } from './open-engine.ts';
import { enterSandbox, tellSandbox, wantsSandbox } from './sandbox.ts';
import { createViews } from './views.ts';

/** What the thread is given. */
export interface QueryThreadData {
  readonly options: ReadonlyMap<string, string>;
  /** Not 0 stops the query that runs. */
  readonly cancel: Int32Array;
  /** Memory in which it notes the call that it is inside of. */
  readonly activity: SharedArrayBuffer;
  /** Bytes that SQLite may use. */
  readonly memoryLimit: number;
  readonly state: StateEnd;
  /** Names to SQL. */
  readonly views: ReadonlyMap<string, string>;
  readonly customTables: readonly CustomTable[];
  /** The file of the events that are heard; undefined where none are. */
  readonly events: string | undefined;
}

const {
  options,
  cancel,
  activity: shared,
  memoryLimit,
  state,
  views,
  customTables,
  events,
} = workerData as QueryThreadData;
const values = new OptionValues();
values.restore(options);
const reader = events === undefined ? undefined : new EventReader(events);
const activity = new Activity(shared);
const leftAlone: LeftAlone[] = [];
const { files } = new LinuxHost();
// The first read opens the log and its index, which this thread may not do from here on. A file that cannot be read tells
// whoever queries it, and is followed by a new thread.
ifPossible(() => reader?.identity);
tellSandbox(enterSandbox(wantsSandbox(values), () => sqlRules(events)));
const open = (warn: (text: string) => void) => {
  const agent = new DaemonAgent(values, () => askState(state));
  const tables = customTables.map(customTableSource);
  const engine = openEngine(values, {
    cancel,
    activity,
    leftAlone: new LeftAlonePlaces(leftAlone, cachedLink, (pid) => userOf(files, pid)),
    memoryLimit,
    agent,
    tables,
    warn: (warning) => warn(warningText(warning).trimEnd()),
  });
  // The scheduler knows how long a query may take, and what to do about it.
  engine.limits.deadlineMs = undefined;
  createViews(engine, views, warn);
  return engine;
};
serveQueries(parentPort as unknown as QueryPort, open, reader, leftAlone);

function ifPossible(work: () => unknown): void {
  try {
    work();
  } catch {}
}
