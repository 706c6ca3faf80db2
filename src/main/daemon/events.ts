import { MessageChannel, Worker } from 'node:worker_threads';
import type { Configuration } from '../../config/configuration.ts';
import type { OptionValues } from '../../config/option-values.ts';
import type { EventCountsOf, FromEvents, ToEvents } from '../../events/messages.ts';
import { storeFiles } from '../../host/linux/store-files.ts';
import { temporaryDirectory } from '../../host/linux/temporary-directory.ts';
import type { Severity } from '../../loggers/logger.ts';
import type { EventSourceState } from '../../schema/agent.ts';
import { type Store, tryToKeep } from '../../store/store.ts';
import { eventTables } from '../event-tables.ts';
import type { EventsThreadData } from '../events-thread.ts';

/** In the directory of the database. */
const FILE = 'events.sqlite';
/** In the settings, with the name of a publisher: what a worker that is killed leaves to the next one to be restored. */
const LEFT = 'events.left.';
/** How long the thread may take to leave the kernel as it was. */
const END_MS = 3000;

export interface EventsParts {
  readonly options: OptionValues;
  readonly configuration: Configuration;
  readonly store: Store;
  /** Whether nothing is to be left behind. */
  readonly inMemory: boolean;
  readonly say: (severity: Severity, message: string) => void;
}

/** Events that are heard. */
export interface Events {
  /** Of the store of events; undefined while nothing hears any. */
  readonly identity: string | undefined;
  /** The file that queries read them from. */
  readonly path: string;
  /** For `osquery_events`. */
  states(): EventSourceState[];
  /** A schedule, names to SQL, has run, so far. */
  progress(queries: ReadonlyMap<string, string>): void;
  close(): Promise<void>;
}

/** Starts the thread that hears events; undefined where flags and configuration leave nothing to be heard. */
export async function startEvents(parts: EventsParts): Promise<Events | undefined> {
  const { options, configuration, store, inMemory, say } = parts;
  const { enabled = [], disabled = [] } = configuration.events ?? {};
  const scheduled = configuration.packs.flatMap(({ queries }) => queries.map(({ query }) => query));
  const wishes = { enabled, disabled, scheduled };
  const wanted = eventTables(options, wishes);
  if (wanted.length === 0) return undefined;
  const folder = inMemory ? temporaryDirectory('osquery-events-') : undefined;
  const path = `${folder?.path ?? options.string('database_path')}/${FILE}`;
  // Only we may read what others have started.
  storeFiles.create(path);
  const { port1, port2 } = new MessageChannel();
  port1.unref();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const names = wanted.map(({ name }) => name);
  const publishers = new Set(wanted.map(({ publisher }) => publisher));
  const left = [...publishers].flatMap((publisher) => {
    const kept = store.settings.get(LEFT + publisher);
    return kept === undefined ? [] : [[publisher, Number(kept)] as const];
  });
  const workerData: EventsThreadData = {
    options: options.save(),
    wishes,
    sections: { files: configuration.files, yara: configuration.yara },
    path,
    known: store.cursors.known(),
    left: new Map(left),
    stop,
    port: port2,
  };
  let identity: string | undefined;
  let counts: EventCountsOf = { publishers: new Map(), tables: new Map() };
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const thread = new Worker(new URL('../events-thread.ts', import.meta.url), {
    workerData,
    transferList: [port2],
    trackUnmanagedFds: false,
  });
  thread.on('message', (message: FromEvents) => {
    if (message.kind === 'started') {
      identity = message.identity;
      started.resolve();
    } else if (message.kind === 'left') {
      const { publisher, value } = message;
      tryToKeep(store, () => {
        if (value === undefined) store.settings.delete(LEFT + publisher);
        else store.settings.set(LEFT + publisher, String(value));
      });
    } else if (message.kind === 'say') say(message.severity, message.message);
    else if (message.kind === 'counts') {
      sayLosses(counts, message.counts, say);
      counts = message.counts;
    }
  });
  thread.on('error', (cause) => say('ERROR', `events are not heard any more: ${cause.message}`));
  thread.on('exit', () => {
    identity = undefined;
    started.resolve();
    ended.resolve();
  });
  await started.promise;
  return {
    get identity() {
      return identity;
    },
    path,
    states: () => statesOf(counts),
    progress(queries) {
      if (identity === undefined) return;
      const its = identity;
      // A query that names a table, also in a comment, holds its events until it has seen them.
      const readers = (table: string) => [...queries].filter(([, sql]) => sql.includes(table)).map(([name]) => name);
      const seen = new Map(names.map((table) => [table, store.cursors.least(readers(table), table, its)]));
      port1.postMessage({ seen } satisfies ToEvents);
    },
    async close() {
      Atomics.store(stop, 0, 1);
      const timer = setTimeout(() => ended.resolve(), END_MS);
      await ended.promise;
      clearTimeout(timer);
      await thread.terminate();
      folder?.[Symbol.dispose]();
    },
  };
}

/** A line for each loss that has grown. */
function sayLosses(before: EventCountsOf, now: EventCountsOf, say: EventsParts['say']): void {
  for (const [name, { dropped }] of now.publishers) {
    for (const [cause, count] of Object.entries(dropped)) {
      const more = count - (before.publishers.get(name)?.dropped[cause] ?? 0);
      if (more > 0) say('WARNING', `${name}: ${more} lost (${cause}), ${count} since the start`);
    }
  }
  for (const [name, { lost, dropped }] of now.tables) {
    const last = before.tables.get(name);
    if (lost > (last?.lost ?? 0)) say('WARNING', `${name}: ${lost} events could not be kept since the start`);
    const more = dropped - (last?.dropped ?? 0);
    if (more > 0) say('WARNING', `${name}: ${more} events dropped beyond events_max, ${dropped} since the start`);
  }
}

function statesOf({ publishers, tables }: EventCountsOf): EventSourceState[] {
  const subscribers = [...tables].map(([name, { publisher, stored }]) => ({
    name,
    publisher,
    type: 'subscriber' as const,
    subscriptions: 1,
    events: stored,
    refreshes: 0,
    active: publishers.has(publisher),
  }));
  const sources = [...publishers].map(([name, { events }]) => ({
    name,
    publisher: name,
    type: 'publisher' as const,
    subscriptions: subscribers.filter(({ publisher }) => publisher === name).length,
    events,
    refreshes: 0,
    active: true,
  }));
  return [...sources, ...subscribers];
}
