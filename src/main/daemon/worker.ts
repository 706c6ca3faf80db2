import { MessageChannel, Worker } from 'node:worker_threads';
import { monotonicNow, timerMs } from '../../base/clock.ts';
import { OSQUERY_VERSION } from '../../base/version.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { Alarm } from '../../daemon/alarm.ts';
import { QueryThread, type Thread } from '../../daemon/query-thread.ts';
import { Scheduler, type SchedulerOptions } from '../../daemon/scheduler.ts';
import { sparingly } from '../../daemon/sparingly.ts';
import { type DaemonState, serveState } from '../../daemon/state-channel.ts';
import { watchdogLimits } from '../../daemon/watchdog/limits.ts';
import type { FromWorker, ToWorker } from '../../daemon/watchdog/messages.ts';
import { cores } from '../../host/linux/child-process.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import type { DescriptorOutput } from '../../host/linux/standard-streams.ts';
import { storeFiles } from '../../host/linux/store-files.ts';
import { StatusLog } from '../../loggers/status-log.ts';
import { openMemoryStore, openStore } from '../../store/sqlite-store.ts';
import { type Store, StoreDamaged, StoreFull, tryToKeep } from '../../store/store.ts';
import { programInfo } from '../agent.ts';
import { configSource } from '../configuration.ts';
import type { QueryThreadData } from '../query-thread.ts';
import { prepareSandboxes, saySandbox } from '../sandbox.ts';
import { Events } from './events.ts';
import { type Identity, identityOf } from './identifier.ts';
import { LiveConfiguration } from './live-configuration.ts';
import { everyLogger, makeLoggers, startMonitoring } from './loggers.ts';

export interface WorkerParts {
  readonly options: OptionValues;
  readonly stdout: DescriptorOutput;
  readonly stderr: DescriptorOutput;
  /** Pid of the watcher; undefined without one. */
  readonly watcher: number | undefined;
  /** When the program started, milliseconds since the epoch. */
  readonly startedMs: number;
  /** A signal says to end. */
  readonly end: AbortController;
  /** Tells the watcher; does nothing without one. */
  readonly tell: (message: FromWorker) => void;
  /** Hears the watcher. */
  readonly onMessage: (listener: (message: ToWorker) => void) => void;
  /** Hears that the configuration is to be read again. */
  readonly onReload: (listener: () => void) => void;
}

/** How often a daemon looks at the clock at least: it may have been put forward, or the machine been asleep. */
const IDLE_MS = 60_000;
/** Seconds that the rows of a query are kept which does not run any more, as in osquery: a week, less 3.5 hours. */
const FORGET_AFTER = 592_200;

/** The process that does the work: up, step by step; then the schedule; then down again in the other order. */
export async function runWorker(parts: WorkerParts): Promise<number> {
  const { options, stdout, stderr, startedMs, end, tell, watcher } = parts;
  const host = new LinuxHost();
  const status = new StatusLog(
    () => statusOptions(options),
    (text) => stderr.write(text),
    process.pid,
  );
  const say = status.from('worker.ts');
  prepareSandboxes(options);
  const inMemory = options.bool('disable_database') || options.bool('ephemeral');
  using store = open(options, watcher !== undefined, (message) => status.say('WARNING', message, 'store.ts'));
  const configuration = new LiveConfiguration(configSource(options), options, store, status.from('config.ts'));
  configuration.load();
  const loggers = makeLoggers(options, {
    program: 'osqueryd',
    host: host.kernel!.identity().node,
    startedMs,
    print: (text) => stdout.write(text),
    warn: (message) => stderr.write(`${message}\n`),
  });
  status.open(loggers);
  const logger = everyLogger(loggers);
  const identity = identityOf(options, host, store);

  const events = new Events({ options, store, inMemory, say: status.from('events.ts'), renewed: () => thread.renew() });
  await events.configure(configuration.current);
  const monitoring = startMonitoring(options, (message) => status.say('WARNING', message, 'numeric-monitoring.ts'));
  const thread = new QueryThread(
    (cancel) => startThread(options, configuration.current, cancel, state, events.path, say),
    sparingly((text) => status.say('WARNING', text, 'query-thread.ts')),
  );
  const scheduler = new Scheduler(
    {
      store,
      logger,
      thread,
      now: () => Date.now() / 1000,
      say: status.from('scheduler.ts'),
      begins: (query) => tell({ kind: 'begins', query }),
      ends: (query) => tell({ kind: 'ends', query }),
      events,
      ...(monitoring && { record: monitoring.record }),
    },
    () => schedulerOptions(options, identity),
  );
  function state(): DaemonState {
    return {
      info: {
        ...programInfo(),
        uuid: identity.uuid,
        instanceId: identity.instance,
        configHash: configuration.current.hash,
        configValid: configuration.valid,
        startTime: Math.floor(startedMs / 1000),
        watcher: watcher ?? -1,
      },
      schedule: scheduler.schedule(),
      packs: scheduler.packs(),
      events: events.states,
    };
  }

  const alarm = new Alarm();
  let reload = false;
  parts.onReload(() => {
    reload = true;
    alarm.ring();
  });
  parts.onMessage((message) => {
    if (message.kind === 'stop') scheduler.stop(message.query, message.reason);
    else if (message.kind === 'denylist') scheduler.punish(message.query, message.reason);
    else status.say(message.severity, message.message, 'watcher.ts', { printed: true });
  });
  end.signal.addEventListener('abort', () => alarm.ring());
  const timeout = options.number('schedule_timeout');
  if (timeout > 0) {
    after(timeout * 1000, () => {
      tell({ kind: 'done' });
      end.abort('schedule_timeout is over');
    });
  }

  say('INFO', `osqueryd started [version=${OSQUERY_VERSION}]`);
  tell({ kind: 'up' });
  const ended = new Promise<void>((resolve) => {
    if (end.signal.aborted) resolve();
    else end.signal.addEventListener('abort', () => resolve());
  });
  // A query that runs at the end is not waited for.
  await Promise.race([ended, runOn()]);
  say('INFO', `ends: ${end.signal.reason}`);
  await thread.close();
  await events.close();
  monitoring?.flush();
  await logger.close();
  return 0;

  /** The schedule, begun anew where the store was damaged: what it had kept is gone. */
  async function runOn(): Promise<void> {
    while (!end.signal.aborted) {
      try {
        await runSchedule();
      } catch (cause) {
        if (!(cause instanceof StoreDamaged)) throw cause;
      }
    }
  }

  /** Hears what the configuration wants, of files that it has to be asked for, too. */
  async function hear(): Promise<void> {
    const { current } = configuration;
    const files = await scheduler.files(current.files);
    await events.configure({ ...current, files });
    // The thread that was asked may have known no events.
    if (files !== current.files) thread.renew();
  }

  async function runSchedule(): Promise<void> {
    let refreshed = monotonicNow();
    let renewed = refreshed;
    await hear();
    await scheduler.load(configuration.current);
    while (!end.signal.aborted) {
      const refresh = (configuration.refresh ?? Number.POSITIVE_INFINITY) * 1000;
      if (reload || monotonicNow() - refreshed >= refresh) {
        reload = false;
        refreshed = monotonicNow();
        if (configuration.load()) {
          status.say('INFO', `The configuration is read: ${configuration.current.hash}`, 'config.ts');
          await hear();
          thread.renew();
          await scheduler.load(configuration.current);
        }
      }
      const life = options.number('schedule_reload') * 1000;
      if (life > 0 && monotonicNow() - renewed >= life) {
        renewed = monotonicNow();
        thread.renew();
        await forget(store, scheduler.queries.keys());
      }
      await scheduler.tick();
      events.progress(scheduler.queries);
      const next = Math.min(scheduler.nextMs ?? IDLE_MS, refreshed + refresh - monotonicNow(), IDLE_MS);
      if (!end.signal.aborted) await alarm.pause(Math.max(0, next));
    }
  }
}

/** Megabytes for new objects, as the worker itself has: `child-process.ts`. */
const YOUNG = 6;
/** Megabytes that the thread needs to run anything at all, and some more. */
const LEAST_HEAP = 64;

/** A timer that may be longer than Node's own. */
function after(milliseconds: number, callback: () => void): void {
  const now = timerMs(milliseconds);
  setTimeout(() => (now === milliseconds ? callback() : after(milliseconds - now, callback)), now).unref();
}

/** With a watcher the last worker may still be on its way out. */
function open(options: OptionValues, patient: boolean, warn: (message: string) => void): Store {
  if (options.bool('disable_database') || options.bool('ephemeral')) return openMemoryStore();
  try {
    return openStore(options.string('database_path'), storeFiles, warn, { patient });
  } catch (cause) {
    if (!(cause instanceof StoreFull)) throw cause;
    // Rows that were logged already are logged again; a machine without its agent would be worse.
    warn(`${cause.message}; until the agent is started anew it remembers nothing`);
    return openMemoryStore();
  }
}

/** Rows of queries that are not in the schedule any more go after a while, some at a time. */
async function forget(store: Store, scheduled: Iterable<string>): Promise<void> {
  const before = Math.floor(Date.now() / 1000) - FORGET_AFTER;
  const keep = [...scheduled];
  for (let more = true; more; ) {
    const step = () => {
      more = store.results.forget(before, keep);
    };
    if (!tryToKeep(store, step)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function statusOptions(options: OptionValues) {
  const verbose = options.bool('verbose');
  return {
    minStatus: verbose ? 0 : options.number('logger_min_status'),
    minStderr: options.bool('logger_stderr') ? (verbose ? 0 : options.number('logger_min_stderr')) : 4,
    verbose,
  };
}

function schedulerOptions(options: OptionValues, identity: Identity): SchedulerOptions {
  const seconds = options.number('query_timeout');
  return {
    results: {
      eventType: options.bool('logger_event_type'),
      snapshotEventType: options.bool('logger_snapshot_event_type'),
      numerics: options.bool('logger_numerics'),
      decorationsTopLevel: options.bool('decorations_top_level'),
    },
    splayPercent: options.number('schedule_splay_percent'),
    packDelimiter: options.string('pack_delimiter'),
    packRefresh: options.number('pack_refresh_interval'),
    maxDrift: options.number('schedule_max_drift'),
    epoch: BigInt(options.string('schedule_epoch')),
    hostIdentifier: () => identity.identifier(),
    optimizeEvents: options.bool('events_optimize'),
    denyEvents: options.bool('events_enforce_denylist'),
    decorators: !options.bool('disable_decorators'),
    announce: options.bool('verbose') ? 'sql' : options.bool('schedule_lognames') ? 'names' : 'nothing',
    limits: {
      ...(seconds > 0 && { deadlineMs: seconds * 1000 }),
      // Rows and the lines made of them are in memory at the same time.
      characters: watchdogLimits(options, cores()).memory / 2,
    },
  };
}

/** The thread that runs SQL, bounded by what the watchdog lets the whole worker have. */
function startThread(
  options: OptionValues,
  { views, customTables }: Configuration,
  cancel: Int32Array,
  state: () => DaemonState,
  events: string | undefined,
  say: (severity: 'INFO', message: string) => void,
): Thread {
  const { port1, port2 } = new MessageChannel();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  serveState({ port: port1, answered }, state);
  const workerData: QueryThreadData = {
    options: options.save(),
    cancel,
    state: { port: port2, answered },
    views,
    customTables,
    events,
  };
  const megabytes = Math.max(LEAST_HEAP, watchdogLimits(options, cores()).memory / 1024 / 1024);
  const worker = new Worker(new URL('../query-thread.ts', import.meta.url), {
    workerData,
    transferList: [port2],
    // Sockets of netlink and descriptors of openat2(2) are not opened by Node, which would complain of each that is closed.
    trackUnmanagedFds: false,
    resourceLimits: { maxOldGenerationSizeMb: megabytes, maxYoungGenerationSizeMb: YOUNG },
  });
  saySandbox(worker, 'the thread that runs SQL', say);
  return worker as unknown as Thread;
}
