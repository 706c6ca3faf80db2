import type { Cell, Output, Printer, PrintSettings } from './printer.ts';
import { padStart, textWidth } from './width.ts';

/** sqlite3's shell never makes the column of names narrower. */
const LEAST_WIDTH = 5;

/** `line` mode: `name = value` on a line each, a blank line between rows. */
export class LinePrinter implements Printer {
  readonly #out: Output;
  readonly #settings: PrintSettings;
  #names: readonly string[] = [];
  #rows = 0;

  constructor(out: Output, settings: PrintSettings) {
    this.#out = out;
    this.#settings = settings;
  }

  begin(): void {}

  columns(names: readonly string[]): void {
    const width = Math.max(LEAST_WIDTH, ...names.map(textWidth));
    this.#names = names.map((name) => padStart(name, width));
    this.#rows = 0;
  }

  row(cells: readonly Cell[]): void {
    const lines = this.#names.map((name, i) => `${name} = ${cells[i] ?? this.#settings.nullValue}\n`);
    this.#out.write((this.#rows++ === 0 ? '' : '\n') + lines.join(''));
  }

  end(): void {}
}
