import { glogLine } from './glog.ts';
import { type Logger, SEVERITIES, type Severity, type StatusLine } from './logger.ts';

export interface StatusLogOptions {
  /** The least severity that loggers get, and that standard error gets: numbers of `SEVERITIES`. */
  readonly minStatus: number;
  readonly minStderr: number;
  /** Whether details are said, too. */
  readonly verbose: boolean;
}

/** Says something: of what severity, and from which file of the program. */
export type Say = (severity: Severity, message: string) => void;

/** Units of a message: what users named may be in it, and may be megabytes long. */
const MAX_MESSAGE = 8192;
/** Lines kept until there are loggers. */
const MAX_EARLY = 1000;

/** What the agent says of itself, to loggers and to standard error. What is said early waits for the loggers. */
export class StatusLog {
  readonly #options: () => StatusLogOptions;
  readonly #stderr: (text: string) => void;
  readonly #pid: number;
  #loggers: readonly Logger[] | undefined;
  #early: StatusLine[] = [];

  /** `options` is asked for each line: the configuration may set them. */
  constructor(options: () => StatusLogOptions, stderr: (text: string) => void, pid: number) {
    this.#options = options;
    this.#stderr = stderr;
    this.#pid = pid;
  }

  /** From here on these get what is said, and what was said before. */
  open(loggers: readonly Logger[]): void {
    this.#loggers = loggers;
    const { minStatus } = this.#options();
    const early = this.#early.filter(({ severity }) => rank(severity) >= minStatus);
    this.#early = [];
    if (early.length > 0) for (const logger of loggers) logger.status(early);
  }

  /** For what is said in one file. */
  from(file: string): Say {
    return (severity, message) => this.say(severity, message, file);
  }

  /** A detail, for `--verbose`. */
  detail(message: string, file: string): void {
    if (this.#options().verbose) this.say('INFO', message, file);
  }

  /** `printed`: somebody else has already written it to standard error. */
  say(severity: Severity, message: string, file: string, { printed = false } = {}): void {
    const shortened = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
    const line = { severity, time: Date.now(), file, line: 0, message: shortened };
    const { minStatus, minStderr } = this.#options();
    const shown = printed || this.#loggers?.some(({ showsStatus }) => showsStatus);
    if (!shown && rank(severity) >= minStderr) this.#stderr(glogLine(line, this.#pid));
    if (this.#loggers === undefined) {
      if (this.#early.length < MAX_EARLY) this.#early.push(line);
    } else if (rank(severity) >= minStatus) for (const logger of this.#loggers) logger.status([line]);
  }
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
