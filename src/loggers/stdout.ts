import { glogLine } from './glog.ts';
import type { Logger, StatusLine } from './logger.ts';

/** Lines on standard output, those of status, too, in glog's format. */
export class StdoutLogger implements Logger {
  readonly #write: (text: string) => void;
  readonly #pid: number;

  constructor(write: (text: string) => void, pid: number) {
    this.#write = write;
    this.#pid = pid;
  }

  result(line: string): void {
    this.#write(`${line}\n`);
  }

  snapshot(line: string): void {
    this.#write(`${line}\n`);
  }

  status(lines: readonly StatusLine[]): void {
    for (const line of lines) this.#write(glogLine(line, this.#pid));
  }

  async close(): Promise<void> {}
}
