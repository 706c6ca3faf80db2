import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { UserError } from '../base/errors.ts';
import { OSQUERY_VERSION, VERSION } from '../base/version.ts';
import { parseCommandLine } from '../config/command-line.ts';
import { applyOptions } from '../config/config-options.ts';
import type { Configuration } from '../config/configuration.ts';
import type { OptionValues } from '../config/option-values.ts';
import { QueryThread, type Thread } from '../daemon/query-thread.ts';
import { Scheduler } from '../daemon/scheduler.ts';
import { LinuxHost } from '../host/linux/linux-host.ts';
import { logFiles } from '../host/linux/log-files.ts';
import { lockPidFile } from '../host/linux/pid-file.ts';
import { DescriptorOutput } from '../host/linux/standard-streams.ts';
import { storeFiles } from '../host/linux/store-files.ts';
import { readUserFile } from '../host/linux/user-files.ts';
import { FilesystemLogger } from '../loggers/filesystem.ts';
import { glogLine } from '../loggers/glog.ts';
import { type Logger, SEVERITIES, type Severity } from '../loggers/logger.ts';
import { StdoutLogger } from '../loggers/stdout.ts';
import { openMemoryStore, openStore } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { ShellAgent } from './agent.ts';
import { loadConfiguration } from './configuration.ts';

const DEFAULT_FLAGFILE = '/etc/osquery/osquery.flags.default';
const PROGRAM = 'osqueryd';
/** How often a daemon without a schedule looks at the clock. */
const IDLE_MS = 60_000;

const started = Date.now();
const stdout = new DescriptorOutput(1, 0);
const stderr = new DescriptorOutput(2, 0);

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (cause: unknown) => {
    if (!(cause instanceof UserError)) throw cause;
    stderr.write(`ERROR: ${cause.message}\n`);
    process.exitCode = 1;
  },
);

/** Up, step by step; then the schedule; then down again in the other order. */
async function main(args: readonly string[]): Promise<number> {
  const { values, help, version } = parseCommandLine(args, {
    readFile: readUserFile,
    defaultFlagfile: DEFAULT_FLAGFILE,
  });
  if (version) return print(`osqueryd version ${OSQUERY_VERSION} (osquery-ts ${VERSION})\n`);
  if (help) return print((await import('../config/help.ts')).helpText(PROGRAM, OSQUERY_VERSION));

  const problems: string[] = [];
  const configuration = configure(values, problems);
  if (values.bool('config_check')) return check(problems);

  // From here on a signal ends the daemon as it should, however early it comes.
  const end = endOnSignals();
  using up = new DisposableStack();
  if (!values.bool('ephemeral')) up.use(lockPidFile(values.string('pidfile')));
  const early: string[] = [];
  const store = up.use(open(values, (message) => early.push(message)));
  const loggers = makeLoggers(values);
  const say = speaker(values, loggers);
  for (const message of [...early, ...problems]) say('WARNING', message);

  const thread = new QueryThread(
    (cancel) => startThread(values, cancel),
    (text) => say('WARNING', text),
  );
  const scheduler = new Scheduler(
    configuration,
    { store, logger: all(loggers), thread, now: () => Date.now() / 1000, say },
    {
      results: {
        eventType: values.bool('logger_event_type'),
        snapshotEventType: values.bool('logger_snapshot_event_type'),
        numerics: values.bool('logger_numerics'),
        decorationsTopLevel: values.bool('decorations_top_level'),
      },
      splayPercent: values.number('schedule_splay_percent'),
      packDelimiter: values.string('pack_delimiter'),
      packRefresh: values.number('pack_refresh_interval'),
      epoch: BigInt(values.string('schedule_epoch')),
      hostIdentifier: identifier(values, store),
      ...(values.number('query_timeout') > 0 && { deadlineMs: values.number('query_timeout') * 1000 }),
    },
  );
  say('INFO', `osqueryd started [version=${OSQUERY_VERSION}]`);
  await run(scheduler, values, end);
  say('INFO', `ends: ${end.signal.reason}`);
  await thread.close();
  await Promise.all(loggers.map((logger) => logger.close()));
  return 0;
}

function print(text: string): number {
  stdout.write(text);
  return 0;
}

/** The configuration, its options in force. What is wrong with it goes to `problems`. */
function configure(values: OptionValues, problems: string[]): Configuration {
  const configuration = loadConfiguration(values, (problem) => problems.push(problem));
  for (const { source, value } of configuration.options) {
    applyOptions(value, values, (place, reason) => problems.push(`${source}: ${place}: ${reason}`));
  }
  return configuration;
}

function check(problems: readonly string[]): number {
  for (const problem of problems) stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

function open(values: OptionValues, warn: (message: string) => void): Store {
  const inMemory = values.bool('disable_database') || values.bool('ephemeral');
  return inMemory ? openMemoryStore() : openStore(values.string('database_path'), storeFiles, warn);
}

/** The loggers of `--logger_plugin`. */
function makeLoggers(values: OptionValues): Logger[] {
  const warn = (message: string) => stderr.write(`${message}\n`);
  return values
    .string('logger_plugin')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => {
      if (name === 'stdout') return new StdoutLogger((text) => stdout.write(text), process.pid);
      if (name !== 'filesystem')
        throw new UserError(`there is no logger ${name} here; there are filesystem and stdout`);
      const mode = Number.parseInt(values.string('logger_mode'), 8);
      if (!(mode > 0 && mode <= 0o7777)) throw new UserError('--logger_mode is not a mode in octal, 0640');
      const rotation = { size: values.number('logger_rotate_size'), files: values.number('logger_rotate_max_files') };
      return new FilesystemLogger(
        logFiles,
        {
          directory: values.string('logger_path'),
          mode,
          ...(values.bool('logger_rotate') && { rotation }),
          program: PROGRAM,
          host: hostName(),
          pid: process.pid,
          startedMs: started,
        },
        warn,
      );
    });
}

function all(loggers: readonly Logger[]): Logger {
  return {
    result: (line) => loggers.forEach((logger) => void logger.result(line)),
    snapshot: (line) => loggers.forEach((logger) => void logger.snapshot(line)),
    status: (lines) => loggers.forEach((logger) => void logger.status(lines)),
    close: async () => {},
  };
}

/** Says something in the status logs and on standard error, each from its own severity on. */
function speaker(values: OptionValues, loggers: readonly Logger[]): (severity: Severity, message: string) => void {
  return (severity, message) => {
    const line = { severity, time: Date.now(), file: 'osqueryd.ts', line: 0, message };
    const rank = SEVERITIES.indexOf(severity);
    if (rank >= values.number('logger_min_stderr')) stderr.write(glogLine(line, process.pid));
    if (rank >= values.number('logger_min_status')) for (const logger of loggers) logger.status([line]);
  };
}

/** `--host_identifier`. The name of a machine may change while we run, the others do not. */
function identifier(values: OptionValues, store: Store): () => string {
  const kind = values.string('host_identifier');
  if (kind === 'hostname') return hostName;
  if (kind === 'specified') return () => values.string('specified_identifier');
  if (kind === 'ephemeral') {
    const drawn = crypto.randomUUID();
    return () => drawn;
  }
  if (kind === 'instance') {
    const kept = store.settings.get('instance_uuid') ?? crypto.randomUUID();
    store.settings.set('instance_uuid', kept);
    return () => kept;
  }
  if (kind !== 'uuid') throw new UserError('--host_identifier is hostname, uuid, instance, ephemeral or specified');
  const { uuid } = new ShellAgent(values, new LinuxHost(), () => {}).info;
  return () => uuid;
}

function hostName(): string {
  return new LinuxHost().kernel!.identity().node;
}

function startThread(values: OptionValues, cancel: Int32Array): Thread {
  const options = Array.from(values.declarations, ([name]) => [name, values.string(name)] as const);
  return new Worker(new URL('./query-thread.ts', import.meta.url), {
    workerData: { options, cancel },
  }) as unknown as Thread;
}

function endOnSignals(): AbortController {
  const end = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => end.abort(signal));
  return end;
}

/** Until a signal says to end, or `--schedule_timeout` is over. */
async function run(scheduler: Scheduler, values: OptionValues, end: AbortController): Promise<void> {
  const timeout = values.number('schedule_timeout');
  if (timeout > 0) setTimeout(() => end.abort('schedule_timeout is over'), timeout * 1000).unref();
  if (end.signal.aborted) return;
  const ended = once(end.signal, 'abort');
  const loop = async () => {
    await scheduler.load();
    while (!end.signal.aborted) {
      await scheduler.tick();
      // The end cuts the pause short.
      await sleep(scheduler.nextMs ?? IDLE_MS, undefined, { signal: end.signal }).catch(() => {});
    }
  };
  // A query that runs now is not waited for.
  await Promise.race([ended, loop()]);
}
