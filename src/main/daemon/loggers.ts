import { UserError } from '../../base/errors.ts';
import type { OptionValues } from '../../config/option-values.ts';
import { logFiles } from '../../host/linux/log-files.ts';
import { FilesystemLogger } from '../../loggers/filesystem.ts';
import type { Logger } from '../../loggers/logger.ts';
import { StdoutLogger } from '../../loggers/stdout.ts';

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
  stdout: (_options, { print }) => new StdoutLogger(print, process.pid),
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

/** One logger that is all of them. */
export function everyLogger(loggers: readonly Logger[]): Logger {
  return {
    result: (line) => {
      for (const logger of loggers) logger.result(line);
    },
    snapshot: (line) => {
      for (const logger of loggers) logger.snapshot(line);
    },
    status: (lines) => {
      for (const logger of loggers) logger.status(lines);
    },
    close: async () => {
      await Promise.all(loggers.map((logger) => logger.close()));
    },
  };
}

function filesystem(options: OptionValues, { program, host, startedMs, warn }: LoggerParts): Logger {
  const mode = Number.parseInt(options.string('logger_mode'), 8);
  if (!(mode > 0 && mode <= 0o7777)) throw new UserError('--logger_mode is not a mode in octal, 0640');
  const rotation = { size: options.number('logger_rotate_size'), files: options.number('logger_rotate_max_files') };
  const directory = options.string('logger_path');
  return new FilesystemLogger(
    logFiles,
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
