import type { Logger, Severity, StatusLine } from './logger.ts';
import { Loss } from './loss.ts';

/** Sends to syslog; the name of the error where that fails. */
export interface SyslogPort extends Disposable {
  send(message: string): string | undefined;
}

export interface SyslogOptions {
  /** 0 to 23, RFC 5424, 6.2.1: `--logger_syslog_facility`. */
  readonly facility: number;
  /** `--logger_syslog_prepend_cee`: tells those who parse that a message is JSON. */
  readonly cee: boolean;
  readonly program: string;
  readonly pid: number;
}

/** RFC 5424, 6.2.1. A line of results has the level `info`, as in osquery. */
const INFO = 6;
const LEVELS: Readonly<Record<Severity, number>> = { INFO: 5, WARNING: 4, ERROR: 3, FATAL: 2 };
const SEVERITY: Readonly<Record<Severity, number>> = { INFO: 0, WARNING: 1, ERROR: 2, FATAL: 3 };
const DEFAULT_FACILITY = 19;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Lines to the syslog of the machine, as syslog(3) sends them. What it does not take is counted and said. */
export class SyslogLogger implements Logger {
  readonly #port: SyslogPort;
  readonly #options: SyslogOptions;
  readonly #loss: Loss;
  readonly #now: () => number;

  /** `warn` is for what goes wrong with syslog itself. `now`: milliseconds. */
  constructor(port: SyslogPort, options: SyslogOptions, warn: (message: string) => void, now: () => number = Date.now) {
    this.#port = port;
    this.#options = options;
    this.#loss = new Loss((text) => warn(`syslog: ${text}`));
    this.#now = now;
  }

  /** Lines that it did not take, since the last one that it took. */
  get lost(): number {
    return this.#loss.count;
  }

  result(line: string): void {
    this.#send(INFO, this.#options.cee ? `@cee:${line}` : line);
  }

  snapshot(line: string): void {
    this.result(line);
  }

  status(lines: readonly StatusLine[]): void {
    for (const { severity, file, line, message } of lines) {
      this.#send(LEVELS[severity], `severity=${SEVERITY[severity]} location=${file}:${line} message=${message}`);
    }
  }

  async close(): Promise<void> {
    this.#port[Symbol.dispose]();
  }

  /** RFC 3164, 4.1, without the host: whoever listens on this machine knows it. */
  #send(level: number, text: string): void {
    const { facility, program, pid } = this.#options;
    const known = facility >= 0 && facility <= 23 ? facility : DEFAULT_FACILITY;
    const failed = this.#port.send(`<${known * 8 + level}>${timestamp(this.#now())} ${program}[${pid}]: ${text}`);
    if (failed === undefined) this.#loss.recovered();
    else this.#loss.add(1, failed === 'EMSGSIZE' ? `a line of ${text.length} characters is too long for it` : failed);
  }
}

/** In local time, `Nov  3 09:05:00`. */
function timestamp(time: number): string {
  const at = new Date(time);
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${MONTHS[at.getMonth()]} ${String(at.getDate()).padStart(2, ' ')} ${clock.join(':')}`;
}
