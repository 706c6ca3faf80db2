import type { Logger, StatusLine } from './logger.ts';
import { Loss } from './loss.ts';
import { plainStatus } from './plain-status.ts';

/** Lines on standard output, those of status, too. What cannot be written is counted; the agent goes on. */
export class StdoutLogger implements Logger {
  /** As in osquery: who reads standard output need not be told on standard error as well. */
  readonly showsStatus = true;
  readonly #print: (text: string) => void;
  readonly #loss: Loss;

  /** `print` throws where it cannot; `warn` must not come back here. */
  constructor(print: (text: string) => void, warn: (message: string) => void) {
    this.#print = print;
    this.#loss = new Loss(warn);
  }

  result(line: string): void {
    this.#write(line);
  }

  snapshot(line: string): void {
    this.#write(line);
  }

  status(lines: readonly StatusLine[]): void {
    for (const line of lines) this.#write(plainStatus(line));
  }

  async close(): Promise<void> {}

  #write(line: string): void {
    try {
      this.#print(`${line}\n`);
      this.#loss.recovered();
    } catch (cause) {
      this.#loss.add(1, (cause as Error).message);
    }
  }
}
