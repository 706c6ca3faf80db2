import { Worker } from 'node:worker_threads';
import type { Configuration } from '../../config/configuration.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { hangMs } from '../../daemon/hang.ts';
import { namesTable, type ReadTable, seenByAll, withViews } from '../../events/readers.ts';
import { beginReading, type Reading } from '../../events/reading.ts';
import { closeDescriptors, makeEventDescriptor, signal } from '../../host/linux/event-descriptor.ts';
import { temporaryDirectory } from '../../host/linux/temporary-directory.ts';
import type { Severity } from '../../loggers/logger.ts';
import type { EventSourceState } from '../../schema/agent.ts';
import { removeLog } from '../../store/remove-log.ts';
import { eventsFile } from '../../store/sqlite-store.ts';
import { type Store, tryToKeep } from '../../store/store.ts';
import { type EventWishes, eventTables } from '../event-tables.ts';
import type { EventsThreadData } from '../events-thread.ts';
import type { FilesThreadData } from '../files-thread.ts';
import { createFile } from '../store-files.ts';
import { statesOf } from './event-states.ts';
import { EventsThread } from './events-in-thread.ts';
import { type FileScansOf, startFileScans } from './file-scans.ts';
import { FilesThreads } from './files-threads.ts';
import { hearingShares } from './hearing-shares.ts';
import { hungPlaceHere } from './hung-place-here.ts';

/** In the settings, with the name of a publisher: what a worker that is killed leaves to the next one to be restored. */
const LEFT = 'events.left.';
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
  #files: FilesThreads | undefined;
  /** What wakes the thread that keeps events, when some of files have come. */
  #wake: number | undefined;
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
    // What it has heard is kept by the other one.
    await this.#files?.close();
    this.#files = undefined;
    const ended = (await this.#running?.close()) ?? true;
    this.#running = undefined;
    await this.#scans?.close();
    this.#scans = undefined;
    // Else somebody else's descriptor might have the number.
    if (ended && this.#wake !== undefined) closeDescriptors([this.#wake]);
    this.#wake = undefined;
  }

  async #start(check: boolean): Promise<void> {
    clearTimeout(this.#retry);
    const { options, store, say } = this.#parts;
    const { wishes, tables, sections } = this.#wanted!;
    if (tables.length === 0) return;
    const refused = createFile(options, this.#path);
    if (refused !== undefined) return this.#startAnew(refused);
    const publishers = new Set(tables.map(({ publisher }) => publisher));
    const left = [...publishers].flatMap((publisher) => {
      const kept = store.settings.get(LEFT + publisher);
      return kept === undefined ? [] : [[publisher, Number(kept)] as const];
    });
    await this.#end();
    const scans = tables.some(({ name }) => name === 'yara_events');
    this.#scans = scans ? startFileScans(sections.yara, options, say, placeOf) : undefined;
    const common = {
      options: options.save(),
      wishes,
      sections,
      cpu: hearingShares(options, scans),
      spent: new Float64Array(new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT)),
    };
    const files = publishers.has('inotify') ? this.#hearFiles(common) : undefined;
    this.#files = files;
    const thread: EventsThread = new EventsThread(
      {
        ...common,
        path: this.#path,
        check,
        known: store.cursors.known(),
        left: new Map(left),
        files: files && { channel: files.first, wake: this.#wake! },
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
    await Promise.all([thread.started, files?.started]);
  }

  /** Has files heard of in a thread of their own: it may hang. */
  #hearFiles(common: Pick<FilesThreadData, 'options' | 'wishes' | 'sections' | 'cpu' | 'spent'>): FilesThreads {
    const { options, say } = this.#parts;
    const wake = makeEventDescriptor();
    this.#wake = wake;
    return new FilesThreads({
      start: (its) => {
        const scans = this.#scans?.connect();
        return new Worker(new URL('../files-thread.ts', import.meta.url), {
          workerData: { ...common, ...its, wake, scans } satisfies FilesThreadData,
          transferList: scans === undefined ? [its.channel.port] : [its.channel.port, scans],
          trackUnmanagedFds: false,
        });
      },
      attach: (next) => {
        this.#running?.tell({ files: next }, next.channel && [next.channel.port]);
        signal(wake);
      },
      closeDescriptors,
      placeOf,
      hangMs: hangMs(options),
      say,
    });
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

/** What is to be left alone where a call on a path hangs. */
function placeOf(path: string): string | undefined {
  return hungPlaceHere(path).paths[0];
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
