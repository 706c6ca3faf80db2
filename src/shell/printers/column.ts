import type { Cell, Output, Printer, PrintSettings } from './printer.ts';
import { fit, textWidth } from './width.ts';

/** Width of a column that nobody gave one: its name, its first cell, or this. */
const LEAST_WIDTH = 10;

/** `column` mode: left-aligned columns whose widths the first row decides, unless `.width` does. */
export class ColumnPrinter implements Printer {
  readonly #out: Output;
  readonly #settings: PrintSettings;
  #names: readonly string[] = [];
  #widths: readonly number[] | undefined;

  constructor(out: Output, settings: PrintSettings) {
    this.#out = out;
    this.#settings = settings;
  }

  begin(): void {}

  columns(names: readonly string[]): void {
    this.#names = names;
    this.#widths = undefined;
  }

  row(cells: readonly Cell[]): void {
    this.#widths ??= this.#start(cells);
    this.#line(cells.map((cell) => cell ?? this.#settings.nullValue));
  }

  end(): void {}

  #start(first: readonly Cell[]): readonly number[] {
    const { header, nullValue, widths } = this.#settings;
    const chosen = this.#names.map(
      (name, i) => widths[i] || Math.max(LEAST_WIDTH, textWidth(name), textWidth(first[i] ?? nullValue)),
    );
    this.#widths = chosen;
    if (header) {
      this.#line(this.#names);
      this.#line(chosen.map((width) => '-'.repeat(Math.abs(width))));
    }
    return chosen;
  }

  #line(cells: readonly string[]): void {
    this.#out.write(`${cells.map((cell, i) => fit(cell, this.#widths![i]!)).join('  ')}\n`);
  }
}
