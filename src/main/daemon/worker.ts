import { monotonicNow, timerMs } from '../../base/clock.ts';
import { OSQUERY_VERSION } from '../../base/version.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { Alarm } from '../../daemon/alarm.ts';
import { Scheduler, type SchedulerOptions } from '../../daemon/scheduler.ts';
import type { DaemonState } from '../../daemon/state-channel.ts';
import type { FromWorker, ToWorker } from '../../daemon/watchdog/messages.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import type { DescriptorOutput } from '../../host/linux/standard-streams.ts';
import { StatusLog } from '../../loggers/status-log.ts';
import { openMemoryStore, openStore } from '../../store/sqlite-store.ts';
import { type Store, StoreDamaged, StoreFull, tryToKeep } from '../../store/store.ts';
import { programInfo } from '../agent.ts';
import { configSource } from '../configuration.ts';
import { prepareSandboxes } from '../sandbox.ts';
import { storeFilesOf } from '../store-files.ts';
import { Events } from './events.ts';
import { type Identity, identityOf } from './identifier.ts';
import { LiveConfiguration } from './live-configuration.ts';
import { everyLogger, makeLoggers, startMonitoring } from './loggers.ts';
import { scheduleLimits, sqlThreads } from './sql-threads.ts';

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

/** Why a worker ends that has too many threads that hang. */
const HANGING = 'too many SQL threads hang';
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

  const events = new Events({
    options,
    store,
    inMemory,
    say: status.from('events.ts'),
    renewed: () => threads.renew(),
  });
  await events.configure(configuration.current);
  const monitoring = startMonitoring(options, (message) => status.say('WARNING', message, 'numeric-monitoring.ts'));
  const threads = sqlThreads({
    options,
    store,
    say: status.from('query-threads.ts'),
    configuration: () => configuration.current,
    state,
    events: () => events.path,
    tooMany: () => end.abort(HANGING),
  });
  const scheduler = new Scheduler(
    {
      store,
      logger,
      threads,
      now: () => Date.now() / 1000,
      say: status.from('scheduler.ts'),
      watchdog: {
        begins: (query) => tell({ kind: 'begins', query }),
        uses: (query, use) => tell({ kind: 'uses', query, use }),
        logs: (query, use) => tell({ kind: 'logs', query, use }),
        ends: (query, use) => tell({ kind: 'ends', query, use }),
      },
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
    if (message.kind === 'stop') {
      // It may have ended while this thread was at work on its rows.
      if (!scheduler.stop(message.query, message.reason)) scheduler.punish(message.query, message.reason);
    } else if (message.kind === 'denylist') scheduler.punish(message.query, message.reason);
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
  scheduler.close();
  await threads.close();
  await events.close();
  monitoring?.flush();
  await logger.close();
  if (threads.hanging > 0) tell({ kind: 'leaves' });
  return end.signal.reason === HANGING ? 1 : 0;

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
    if (files !== current.files) threads.renew();
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
          threads.renew();
          await scheduler.load(configuration.current);
        }
      }
      const life = options.number('schedule_reload') * 1000;
      if (life > 0 && monotonicNow() - renewed >= life) {
        renewed = monotonicNow();
        threads.renew();
        await forget(store, scheduler.queries.keys());
      }
      await scheduler.tick();
      events.progress(scheduler.queries);
      const next = Math.min(scheduler.nextMs ?? IDLE_MS, refreshed + refresh - monotonicNow(), IDLE_MS);
      if (!end.signal.aborted) await alarm.pause(Math.max(0, next));
    }
  }
}

/** A timer that may be longer than Node's own. */
function after(milliseconds: number, callback: () => void): void {
  const now = timerMs(milliseconds);
  setTimeout(() => (now === milliseconds ? callback() : after(milliseconds - now, callback)), now).unref();
}

/** With a watcher the last worker may still be on its way out. */
function open(options: OptionValues, patient: boolean, warn: (message: string) => void): Store {
  if (options.bool('disable_database') || options.bool('ephemeral')) return openMemoryStore();
  try {
    return openStore(options.string('database_path'), storeFilesOf(options), warn, { patient });
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
    limits: scheduleLimits(options),
  };
}
