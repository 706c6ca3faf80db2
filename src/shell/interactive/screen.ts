import type { Output } from '../printers/printer.ts';
import type { BufferedOutput } from '../run.ts';
import { visible, visibleCell } from '../terminal-text.ts';
import { ProgressLine } from './progress-line.ts';

/** Which of the two streams are a terminal. */
export interface Terminals {
  readonly out: boolean;
  readonly err: boolean;
}

/** Rows, messages and the progress line on one terminal: each keeps its place, none overwrites another. */
export class Screen {
  readonly out: Output;
  readonly err: Output;
  /** Only where standard error is a terminal. */
  readonly progress: ProgressLine | undefined;
  readonly #out: BufferedOutput;
  readonly #err: Output;
  readonly #terminals: Terminals;
  #midLine = false;

  constructor(out: BufferedOutput, err: Output, terminals: Terminals) {
    this.#out = out;
    this.#err = err;
    this.#terminals = terminals;
    this.out = { write: (text) => this.#writeOut(text), cell: terminals.out ? visibleCell : undefined };
    this.err = { write: (text) => this.#writeErr(text) };
    if (terminals.err) {
      this.progress = new ProgressLine(err, () => {
        // A query that takes its time shows the rows that it has.
        this.#out.flush();
        return !this.#midLine;
      });
    }
  }

  /** Shows everything that was written and leaves the cursor at the beginning of a line. */
  finishLine(): void {
    if (this.#midLine) this.#writeOut('\n');
    this.#out.flush();
  }

  #writeOut(text: string): void {
    if (text === '') return;
    this.progress?.hide();
    this.#midLine = this.#terminals.out && !text.endsWith('\n');
    this.#out.write(this.#terminals.out ? visible(text) : text);
  }

  #writeErr(text: string): void {
    this.progress?.hide();
    this.finishLine();
    this.#err.write(this.#terminals.err ? visible(text) : text);
  }
}
