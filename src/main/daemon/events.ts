import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Configuration } from '../../config/configuration.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { LOOK_SECONDS, watchdogLimits } from '../../daemon/watchdog/limits.ts';
import type { EventCountsOf, FromEvents, ToEvents } from '../../events/messages.ts';
import { namesTable, type ReadTable, seenByAll, withViews } from '../../events/readers.ts';
import { beginReading, newTurn, type Reading } from '../../events/reading.ts';
import { cores } from '../../host/linux/child-process.ts';
import { storeFiles } from '../../host/linux/store-files.ts';
import { temporaryDirectory } from '../../host/linux/temporary-directory.ts';
import type { Severity } from '../../loggers/logger.ts';
import type { EventSourceState } from '../../schema/agent.ts';
import { removeLog } from '../../store/remove-log.ts';
import { eventsFile } from '../../store/sqlite-store.ts';
import { type Store, tryToKeep } from '../../store/store.ts';
import { type EventWishes, eventTables } from '../event-tables.ts';
import type { EventsThreadData } from '../events-thread.ts';
import { LossLog, statesOf } from './event-states.ts';
import { type FileScansOf, startFileScans } from './file-scans.ts';

/** In the settings, with the name of a publisher: what a worker that is killed leaves to the next one to be restored. */
const LEFT = 'events.left.';
/** How long the thread may take to leave the kernel as it was. */
const END_MS = 3000;
/** Of the processor time that the watchdog lets the agent have, what hearing may take: beside scans, that take half, less. */
const MOST = 0.7;
const MOST_BESIDE_SCANS = 0.4;
/** What it may take with queries and all else; then what it may take however much that is. */
const ALL = 0.9;
const LEAST = 0.3;
/** How soon a thread that failed is started anew: at first, and at most. */
const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

export interface EventsParts {
  readonly options: OptionValues;
  readonly store: Store;
  /** Whether nothing is to be left behind. */
  readonly inMemory: boolean;
  readonly say: (severity: Severity, message: string) => void;
  /** It may be another file that holds them now. */
  readonly renewed: () => void;
}

/** A table that is fed. */
interface Fed extends ReadTable {
  readonly publisher: string;
}

/** What the configuration says of events: another one starts the thread anew. */
interface Wanted {
  readonly wishes: EventWishes;
  readonly tables: readonly Fed[];
  readonly views: ReadonlyMap<string, string>;
  readonly sections: EventsThreadData['sections'];
  readonly fingerprint: string;
}

/** Events that are heard, while anything is to be heard. */
export class Events {
  readonly #parts: EventsParts;
  readonly #folder: ReturnType<typeof temporaryDirectory> | undefined;
  readonly #path: string;
  #wanted: Wanted | undefined;
  #running: EventsThread | undefined;
  #scans: FileScansOf | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;

  constructor(parts: EventsParts) {
    this.#parts = parts;
    this.#folder = parts.inMemory ? temporaryDirectory('osquery-events-') : undefined;
    this.#path = eventsFile(this.#folder?.path ?? parts.options.string('database_path'));
  }

  /** Of the store of events; undefined while nothing hears any. */
  get identity(): string | undefined {
    return this.#running?.identity;
  }

  /** The file that queries read them from; undefined while nothing hears any. */
  get path(): string | undefined {
    return this.#running === undefined ? undefined : this.#path;
  }

  /** For `osquery_events`. */
  get states(): EventSourceState[] {
    return this.#running === undefined ? [] : statesOf(this.#running.counts);
  }

  /** Hears what flags and a configuration want: from the start, or where they want something else than before. */
  async configure(configuration: Configuration): Promise<void> {
    const wanted = wantedBy(configuration, this.#parts.options);
    const isOther = wanted.fingerprint !== this.#wanted?.fingerprint;
    this.#wanted = wanted;
    if (!isOther) return;
    await this.#end();
    await this.#start(false);
  }

  /** A schedule, names to SQL, has run, so far. */
  progress(queries: ReadonlyMap<string, string>): void {
    const seen = this.#seenBy(queries);
    if (seen !== undefined) this.#running!.tell({ seen });
  }

  /** A query of a schedule begins, and notes how far it comes; undefined where it reads no events that are heard. */
  reads(query: string, queries: ReadonlyMap<string, string>): Reading | undefined {
    const sql = withViews(queries.get(query) ?? '', this.#wanted?.views ?? new Map());
    if (!this.#wanted?.tables.some((table) => namesTable(sql, table))) return undefined;
    const seen = this.#seenBy(queries);
    const others = this.#seenBy(new Map([...queries].filter(([name]) => name !== query)));
    if (seen === undefined || others === undefined) return undefined;
    const reading = beginReading([...seen.keys()], this.#running!.turn);
    this.#running!.tell({ seen, running: { reading, others } });
    return reading;
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    const { path } = this;
    await this.#end();
    // Its thread may not.
    if (path !== undefined) removeLog(path);
    this.#folder?.[Symbol.dispose]();
  }

  /** For each table the last event that all of these queries have seen. */
  #seenBy(queries: ReadonlyMap<string, string>): Map<string, number> | undefined {
    const identity = this.#running?.identity;
    if (identity === undefined) return undefined;
    // Queries that are shown all events each time, and never have seen them, hold none.
    const readers = this.#parts.options.bool('events_optimize') ? [...queries] : [];
    const { tables, views } = this.#wanted!;
    const statements = new Map(readers.map(([name, sql]) => [name, withViews(sql, views)]));
    return seenByAll(tables, statements, this.#parts.store.cursors, identity);
  }

  async #end(): Promise<void> {
    await this.#running?.close();
    this.#running = undefined;
    await this.#scans?.close();
    this.#scans = undefined;
  }

  async #start(check: boolean): Promise<void> {
    clearTimeout(this.#retry);
    const { options, store, say } = this.#parts;
    const { wishes, tables, sections } = this.#wanted!;
    if (tables.length === 0) return;
    // Only we may read what others have started.
    storeFiles.create(this.#path);
    const publishers = new Set(tables.map(({ publisher }) => publisher));
    const left = [...publishers].flatMap((publisher) => {
      const kept = store.settings.get(LEFT + publisher);
      return kept === undefined ? [] : [[publisher, Number(kept)] as const];
    });
    await this.#scans?.close();
    const scans = tables.some(({ name }) => name === 'yara_events');
    this.#scans = scans ? startFileScans(sections.yara, options, say) : undefined;
    const thread: EventsThread = new EventsThread(
      {
        options: options.save(),
        wishes,
        sections,
        path: this.#path,
        check,
        known: store.cursors.known(),
        left: new Map(left),
        scans: this.#scans?.port,
        cpu: cpuOf(options, scans),
      },
      {
        say,
        leave: (publisher, value) =>
          void tryToKeep(store, () => {
            if (value === undefined) store.settings.delete(LEFT + publisher);
            else store.settings.set(LEFT + publisher, String(value));
          }),
        fails: (reason) => {
          if (thread === this.#running) this.#startAnew(reason);
        },
      },
    );
    this.#running = thread;
    await thread.started;
  }

  /** After a while, longer each time: what made it fail may be there still. */
  #startAnew(reason: string): void {
    const { say } = this.#parts;
    say('ERROR', `events are not heard: ${reason}; starts anew in ${this.#retryMs / 1000} s`);
    this.#retry = setTimeout(() => {
      this.#start(true).then(this.#parts.renewed, (cause: Error) => this.#startAnew(cause.message));
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }
}

/** Undefined where no watchdog looks at it. */
function cpuOf(options: OptionValues, scans: boolean): EventsThreadData['cpu'] {
  const { cpuMs, latency } = watchdogLimits(options, cores());
  const lookMs = LOOK_SECONDS * 1000;
  if (options.bool('disable_watchdog') || cpuMs >= lookMs * cores()) return undefined;
  const limit = cpuMs / lookMs;
  const shareOf = (part: number) => {
    const share = limit * part;
    // The watchdog acts when each of its looks in so many seconds finds too much: all of them have room for this, and half is left.
    return { share, burstMs: (1000 * latency * (limit - share)) / 2 };
  };
  return {
    most: shareOf(scans ? MOST_BESIDE_SCANS : MOST),
    // One look with too much is no harm: what a query took in it need not be made up for.
    all: { ...shareOf(ALL), debtMs: cpuMs },
    least: shareOf(LEAST),
  };
}

function wantedBy(configuration: Configuration, options: OptionValues): Wanted {
  const { enabled = [], disabled = [] } = configuration.events ?? {};
  const { views } = configuration;
  const queries = configuration.packs.flatMap((pack) => pack.queries);
  const scheduled = queries.map(({ query }) => withViews(query, views));
  const wishes = { enabled, disabled, scheduled };
  const tables = eventTables(options, wishes).map(({ name, aliases = [], publisher }) => ({
    name,
    aliases,
    publisher,
  }));
  const sections = { files: configuration.files, yara: configuration.yara };
  const plain = (_: string, value: unknown) => (value instanceof Map ? [...value] : value);
  return { wishes, tables, views, sections, fingerprint: JSON.stringify([tables, sections], plain) };
}

interface ThreadCalls {
  readonly say: EventsParts['say'];
  readonly leave: (publisher: string, value: number | undefined) => void;
  /** It ended, and nobody told it to. */
  readonly fails: (reason: string) => void;
}

/** The thread, as long as it runs. */
class EventsThread {
  /** Settled once it hears, or has failed. */
  readonly started: Promise<void>;
  identity: string | undefined;
  counts: EventCountsOf = { publishers: new Map(), tables: new Map() };
  readonly turn = newTurn();
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #port: MessagePort;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;

  constructor(data: Omit<EventsThreadData, 'stop' | 'port' | 'turn'>, calls: ThreadCalls) {
    const losses = new LossLog(calls.say, () => performance.now());
    const { port1, port2 } = new MessageChannel();
    port1.unref();
    this.#port = port1;
    this.#worker = new Worker(new URL('../events-thread.ts', import.meta.url), {
      workerData: { ...data, stop: this.#stop, port: port2, turn: this.turn } satisfies EventsThreadData,
      transferList: data.scans === undefined ? [port2] : [port2, data.scans],
      trackUnmanagedFds: false,
    });
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    this.started = started.promise;
    this.#ended = ended.promise;
    let reason = 'the thread ended';
    this.#worker.on('error', (cause) => {
      reason = cause.message;
    });
    this.#worker.on('exit', () => {
      this.identity = undefined;
      started.resolve();
      ended.resolve();
      if (Atomics.load(this.#stop, 0) === 0) calls.fails(reason);
    });
    this.#worker.on('message', (message: FromEvents) => {
      if (message.kind === 'started') {
        this.identity = message.identity;
        started.resolve();
      } else if (message.kind === 'left') calls.leave(message.publisher, message.value);
      else if (message.kind === 'say') calls.say(message.severity, message.message);
      else if (message.kind === 'counts') {
        losses.add(message.counts);
        this.counts = message.counts;
      }
    });
  }

  tell(message: ToEvents): void {
    this.#port.postMessage(message);
  }

  async close(): Promise<void> {
    Atomics.store(this.#stop, 0, 1);
    Atomics.notify(this.#stop, 0);
    const timer = setTimeout(() => void this.#worker.terminate(), END_MS);
    await this.#ended;
    clearTimeout(timer);
    await this.#worker.terminate();
  }
}
