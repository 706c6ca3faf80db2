import { dirname } from 'node:path';
import { timerMs } from '../../base/clock.ts';
import { UserError } from '../../base/errors.ts';
import { unsafe } from '../../base/unsafe-path.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { logFiles, unsafeLogFiles } from '../../host/linux/log-files.ts';
import { SyslogSocket } from '../../host/linux/syslog.ts';
import { distrusted } from '../../host/linux/trusted-path.ts';
import { FilesystemLogger } from '../../loggers/filesystem.ts';
import type { LogFiles } from '../../loggers/log-files.ts';
import type { Logger } from '../../loggers/logger.ts';
import { type MonitoringWriter, monitoringFile, NumericMonitoring } from '../../loggers/numeric-monitoring.ts';
import { StdoutLogger } from '../../loggers/stdout.ts';
import { SyslogLogger } from '../../loggers/syslog.ts';

export interface LoggerParts {
  readonly program: string;
  readonly host: string;
  /** When the program started, milliseconds since the epoch. */
  readonly startedMs: number;
  readonly print: (text: string) => void;
  /** For what goes wrong with a logger itself; it must not come back to one. */
  readonly warn: (message: string) => void;
}

const MAKERS: Readonly<Record<string, (options: OptionValues, parts: LoggerParts) => Logger>> = {
  filesystem,
  syslog: (options, { program, warn }) => {
    const facility = options.number('logger_syslog_facility');
    const cee = options.bool('logger_syslog_prepend_cee');
    return new SyslogLogger(new SyslogSocket(), { facility, cee, program, pid: process.pid }, warn);
  },
  stdout: (_options, { print, warn }) => new StdoutLogger(print, warn),
};

/** The loggers of `--logger_plugin`. Throws `UserError` for one that there is not. */
export function makeLoggers(options: OptionValues, parts: LoggerParts): Logger[] {
  if (options.bool('disable_logging')) return [];
  const names = options
    .string('logger_plugin')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.map((name) => {
    if (Object.hasOwn(MAKERS, name)) return MAKERS[name]!(options, parts);
    throw new UserError(`there is no logger ${name} here; there are ${Object.keys(MAKERS).join(', ')}`);
  });
}

/** One logger that is all of them. Lines have arrived where one of them has them: another that has not counts a loss. */
export function everyLogger(loggers: readonly Logger[]): Logger {
  const inStore = loggers.filter(({ queue }) => queue !== undefined);
  const outside = loggers.filter(({ queue }) => queue === undefined);
  const arrived = (answers: readonly boolean[]) => answers.length === 0 || answers.includes(true);
  return {
    results: (lines) => arrived(outside.map((logger) => logger.results(lines))),
    snapshots: (lines) => arrived(outside.map((logger) => logger.snapshots(lines))),
    ...(inStore.length > 0 && {
      queue: (lines: readonly string[]) => {
        for (const logger of inStore) logger.queue!(lines);
      },
    }),
    status: (lines) => {
      for (const logger of loggers) logger.status(lines);
    },
    close: async () => {
      await Promise.all(loggers.map((logger) => logger.close()));
    },
  };
}

const MONITORING_PATH = 'numeric_monitoring_filesystem_path';

/** By `--numeric_monitoring_plugins`: where measurements go. */
const MONITORS: Readonly<Record<string, (options: OptionValues, warn: LoggerParts['warn']) => MonitoringWriter>> = {
  filesystem: (options, warn) =>
    monitoringFile(filesFor(options, MONITORING_PATH), options.string(MONITORING_PATH), modeOf(options), warn),
};

/** `--enable_numeric_monitoring`; undefined without it. */
export function startMonitoring(options: OptionValues, warn: (message: string) => void): NumericMonitoring | undefined {
  if (!options.bool('enable_numeric_monitoring')) return undefined;
  const write = MONITORS[options.string('numeric_monitoring_plugins')]!(options, warn);
  const seconds = options.number('numeric_monitoring_pre_aggregation_time');
  const monitoring = new NumericMonitoring(write, () => Date.now() / 1000, seconds > 0);
  if (seconds > 0) setInterval(() => monitoring.flush(), timerMs(seconds * 1000)).unref();
  return monitoring;
}

function modeOf(options: OptionValues): number {
  const mode = Number.parseInt(options.string('logger_mode'), 8);
  if (!(mode > 0 && mode <= 0o7777)) throw new UserError('--logger_mode is not a mode in octal, 0640');
  return mode;
}

function filesystem(options: OptionValues, { program, host, startedMs, warn }: LoggerParts): Logger {
  const mode = modeOf(options);
  const rotation = { size: options.number('logger_rotate_size'), files: options.number('logger_rotate_max_files') };
  const directory = options.string('logger_path');
  return new FilesystemLogger(
    filesFor(options, 'logger_path'),
    {
      directory,
      mode,
      ...(options.bool('logger_rotate') && { rotation }),
      program,
      host,
      pid: process.pid,
      startedMs,
    },
    warn,
  );
}

/** Throws `UserError` where somebody else may lead what is written to the path of a flag elsewhere. */
function filesFor(options: OptionValues, flag: string): LogFiles {
  if (options.bool('allow_unsafe')) return unsafeLogFiles;
  const path = options.string(flag);
  const reason = distrusted(flag === MONITORING_PATH ? dirname(path) : path);
  if (reason !== undefined) throw new UserError(unsafe(flag, path, reason));
  return logFiles;
}
