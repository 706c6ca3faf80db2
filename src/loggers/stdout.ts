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

  results(lines: Iterable<string>): boolean {
    return this.#write(lines, true);
  }

  snapshots(lines: Iterable<string>): boolean {
    return this.#write(lines, false);
  }

  status(lines: readonly StatusLine[]): void {
    this.#write(lines.map(plainStatus), false);
  }

  async close(): Promise<void> {}

  /** False where not even the first of them goes. `again`: they come again then, and are not lost. */
  #write(lines: Iterable<string>, again: boolean): boolean {
    let [gone, left] = [0, 0];
    let reason = '';
    for (const line of lines) {
      try {
        if (left === 0) {
          this.#print(`${line}\n`);
          gone += 1;
        } else left += 1;
      } catch (cause) {
        reason = (cause as Error).message;
        left = 1;
      }
    }
    if (left === 0) this.#loss.recovered();
    else this.#loss.add(again && gone === 0 ? 0 : left, reason);
    return left === 0 || gone > 0;
  }
}
