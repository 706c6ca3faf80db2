import type { Logger, Severity, StatusLine } from './logger.ts';
import { Loss } from './loss.ts';
import { plainStatus } from './plain-status.ts';
import { Tally } from './tally.ts';
import { REAL_TIMERS, type Timers } from './timers.ts';

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
const DEFAULT_FACILITY = 19;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The kernel keeps few messages that nobody has read yet, often 10: `net.unix.max_dgram_qlen`. */
const BUSY = new Set(['EAGAIN', 'ENOBUFS']);
/** Characters of messages that wait until there is room again. */
const MAX_WAITING = 8 * 1024 * 1024;
/** Milliseconds until it is tried again: twice as long each time that nothing went. */
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 1000;
/** The watcher kills a worker that does not end within 4 seconds. */
const CLOSE_MS = 2000;

/**
 * Lines to the syslog of the machine, as syslog(3) sends them. Nobody waits for it: while it is busy, lines are kept in
 * memory up to a limit. What it does not take is counted and said.
 */
export class SyslogLogger implements Logger {
  readonly #port: SyslogPort;
  readonly #options: SyslogOptions;
  readonly #now: () => number;
  readonly #timers: Timers;
  readonly #loss: Loss;
  readonly #tooLong: Tally;
  readonly #tooMany: Tally;
  #lost = 0;
  #waiting: string[] = [];
  #waitingLength = 0;
  #timer: unknown;

  /** `warn` is for what goes wrong with syslog itself. `now`: milliseconds since the epoch. */
  constructor(
    port: SyslogPort,
    options: SyslogOptions,
    warn: (message: string) => void,
    { now = Date.now, timers = REAL_TIMERS }: { readonly now?: () => number; readonly timers?: Timers } = {},
  ) {
    this.#port = port;
    this.#options = options;
    this.#now = now;
    this.#timers = timers;
    this.#loss = new Loss((text) => warn(`syslog: ${text}`));
    this.#tooLong = new Tally(
      (count, length) => warn(`syslog: lines longer than it takes, lost: ${count}, the last of ${length} characters`),
      timers.now,
    );
    this.#tooMany = new Tally((count) => warn(`syslog: it does not keep up, lines lost: ${count}`), timers.now);
  }

  /** Lines that it did not take. */
  get lost(): number {
    return this.#lost;
  }

  /** What syslog does not take is lost, and counted. */
  results(lines: Iterable<string>): true {
    for (const line of lines) this.#send(INFO, this.#options.cee ? `@cee:${line}` : line);
    return true;
  }

  snapshots(lines: Iterable<string>): true {
    return this.results(lines);
  }

  status(lines: readonly StatusLine[]): void {
    for (const line of lines) this.#send(LEVELS[line.severity], plainStatus(line));
  }

  /** Gives lines that wait some seconds more. */
  async close(): Promise<void> {
    this.#timers.clear(this.#timer);
    const until = this.#timers.now() + CLOSE_MS;
    for (this.#offerWaiting(); this.#waiting.length > 0 && this.#timers.now() < until; this.#offerWaiting()) {
      await new Promise<void>((resolve) => this.#timers.set(resolve, FIRST_WAIT_MS, true));
    }
    this.#lost += this.#waiting.length;
    this.#tooMany.add(this.#waiting.length);
    this.#waiting = [];
    for (const tally of [this.#tooLong, this.#tooMany]) tally.flush();
    this.#port[Symbol.dispose]();
  }

  /** RFC 3164, 4.1, without the host: whoever listens on this machine knows it. */
  #send(level: number, text: string): void {
    const { facility, program, pid } = this.#options;
    const known = facility >= 0 && facility <= 23 ? facility : DEFAULT_FACILITY;
    // A message stays one line, whatever is in it: what follows a line break could pass for another message.
    const line = text.replace(/[\0-\x08\n-\x1f\x7f]+/g, ' ');
    const message = `<${known * 8 + level}>${timestamp(this.#now())} ${program}[${pid}]: ${line}`;
    if (this.#waiting.length > 0 || !this.#offer(message)) this.#wait(message);
  }

  /** False where it is busy; the message is sent or lost otherwise. */
  #offer(message: string): boolean {
    const failed = this.#port.send(message);
    if (failed === undefined) {
      this.#loss.recovered();
      return true;
    }
    if (BUSY.has(failed)) return false;
    this.#lost += 1;
    if (failed === 'EMSGSIZE') this.#tooLong.add(1, String(message.length));
    else this.#loss.add(1, failed);
    return true;
  }

  #wait(message: string): void {
    if (this.#waitingLength + message.length > MAX_WAITING) {
      this.#lost += 1;
      this.#tooMany.add(1);
      return;
    }
    this.#waiting.push(message);
    this.#waitingLength += message.length;
    if (this.#waiting.length === 1) this.#schedule(FIRST_WAIT_MS);
  }

  #schedule(delay: number): void {
    this.#timer = this.#timers.set(() => {
      const went = this.#offerWaiting();
      if (this.#waiting.length > 0) this.#schedule(went ? FIRST_WAIT_MS : Math.min(delay * 2, LONGEST_WAIT_MS));
    }, delay);
  }

  /** Sends what waits while there is room; whether anything went. */
  #offerWaiting(): boolean {
    let sent = 0;
    while (sent < this.#waiting.length && this.#offer(this.#waiting[sent]!)) sent += 1;
    for (const message of this.#waiting.splice(0, sent)) this.#waitingLength -= message.length;
    return sent > 0;
  }
}

/** In local time, `Nov  3 09:05:00`. */
function timestamp(time: number): string {
  const at = new Date(time);
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${MONTHS[at.getMonth()]} ${String(at.getDate()).padStart(2, ' ')} ${clock.join(':')}`;
}
