import { MalformedInput } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import { MAX_LINE, parseSyslogLine } from '../../parse/syslog-line.ts';
import type { SyslogEvent } from '../../schema/syslog-event.ts';
import type { Publisher, PublisherCounts } from '../publisher.ts';

/** What syslog writes to, or a recording of it. */
export interface LineSource {
  readonly fd: number;
  /** How many bytes came into `into`, from `start`; 0 where there are none. */
  read(into: Buffer, start: number): number;
  [Symbol.dispose](): void;
}

/** Reads of one `read`: the others have their turn, and what was heard is stored. */
const READS_A_READ = 16;
/** What a pipe holds, `pipe(7)`. */
const BUFFER = 64 * 1024;
/** The limit is of so many milliseconds, as osquery reads so often; what counts is the sum of a second. */
const PERIOD_MS = 200;
const WINDOW_MS = 1000;
const NEWLINE = 10;

/** Hears the messages of syslog, a line each. */
export class SyslogPublisher implements Publisher {
  readonly name = 'syslog';
  readonly #source: LineSource;
  readonly #linesASecond: number;
  readonly #emit: (event: SyslogEvent) => void;
  readonly #now: () => number;
  readonly #buffer = Buffer.alloc(BUFFER);
  readonly #dropped = { rate: 0, malformed: 0, oversized: 0 };
  /** Bytes of a line whose end has not come. */
  #held = 0;
  /** Whether a line is under way that is too long. */
  #skips = false;
  #window = -WINDOW_MS;
  #lines = 0;
  #received = 0;
  #events = 0;

  /** `limit`: lines of 200 milliseconds. `now`: milliseconds of a clock that never goes back. */
  constructor(source: LineSource, limit: number, emit: (event: SyslogEvent) => void, now: () => number) {
    this.#source = source;
    this.#linesASecond = limit * (WINDOW_MS / PERIOD_MS);
    this.#emit = emit;
    this.#now = now;
  }

  get fds(): readonly number[] {
    return [this.#source.fd];
  }

  get counts(): PublisherCounts {
    return { received: this.#received, events: this.#events, dropped: { ...this.#dropped } };
  }

  read(): boolean {
    const now = this.#now();
    if (now - this.#window >= WINDOW_MS) {
      this.#window = now;
      this.#lines = 0;
    }
    const occurred = BigInt(Date.now()) * 1_000_000n;
    for (let i = 0; i < READS_A_READ; i++) {
      const length = this.#source.read(this.#buffer, this.#held);
      if (length === 0) return false;
      this.#split(this.#held + length, occurred);
    }
    return true;
  }

  tick(): void {}

  stop(): void {
    this.#source[Symbol.dispose]();
  }

  /** Takes the lines that have ended, and holds the one that has not. */
  #split(length: number, occurred: bigint): void {
    const bytes = this.#buffer.subarray(0, length);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE, this.#held); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      if (!this.#skips) this.#take(bytes.subarray(start, end), occurred);
      this.#skips = false;
      start = end + 1;
    }
    this.#held = this.#skips ? 0 : length - start;
    if (this.#held > MAX_LINE) {
      this.#received += 1;
      this.#dropped.oversized += 1;
      this.#skips = true;
      this.#held = 0;
    }
    bytes.copyWithin(0, start, start + this.#held);
  }

  #take(line: Buffer, occurred: bigint): void {
    if (line.length === 0) return;
    this.#received += 1;
    this.#lines += 1;
    if (this.#lines > this.#linesASecond) this.#dropped.rate += 1;
    else if (line.length > MAX_LINE) this.#dropped.oversized += 1;
    else {
      try {
        const event = { occurred, line: parseSyslogLine(decodeText(line), 'syslog') };
        this.#events += 1;
        this.#emit(event);
      } catch (cause) {
        if (!(cause instanceof MalformedInput)) throw cause;
        this.#dropped.malformed += 1;
      }
    }
  }
}
