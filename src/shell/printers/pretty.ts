import type { Cell, Output, Printer, PrintSettings } from './printer.ts';
import { padEnd, textWidth } from './width.ts';

/**
 * Cells, and characters in them, held back to learn the widths of columns. Past either the table is printed with the
 * widths known so far and goes on with them, so that the shell's memory is bounded, about 50 MB.
 */
const MAX_HELD_CELLS = 500_000;
const MAX_HELD_CHARACTERS = 25_000_000;

/** The default mode: a table drawn with lines. */
export class PrettyPrinter implements Printer {
  readonly #out: Output;
  readonly #settings: PrintSettings;
  #names: readonly string[] = [];
  #rows: string[][] = [];
  #widths: number[] = [];
  #characters = 0;
  #started = false;

  constructor(out: Output, settings: PrintSettings) {
    this.#out = out;
    this.#settings = settings;
  }

  begin(): void {
    this.#reset([]);
  }

  columns(names: readonly string[]): void {
    this.#finish();
    this.#reset(names);
  }

  row(cells: readonly Cell[]): void {
    const row = cells.map((cell) => cell ?? this.#settings.nullValue);
    if (this.#started) {
      this.#out.write(this.#line(row));
      return;
    }
    for (let i = 0; i < row.length; i++) {
      this.#characters += row[i]!.length;
      const width = textWidth(row[i]!);
      if (width > this.#widths[i]!) this.#widths[i] = width;
    }
    this.#rows.push(row);
    const held = this.#rows.length * row.length;
    if (held >= MAX_HELD_CELLS || this.#characters >= MAX_HELD_CHARACTERS) this.#start();
  }

  end(): void {
    this.#finish();
    this.#reset([]);
  }

  #reset(names: readonly string[]): void {
    this.#names = names;
    this.#widths = names.map(textWidth);
    this.#rows = [];
    this.#characters = 0;
    this.#started = false;
  }

  #start(): void {
    this.#started = true;
    const rule = this.#rule();
    this.#out.write(rule + this.#line(this.#names) + rule);
    for (const row of this.#rows) this.#out.write(this.#line(row));
    this.#rows = [];
  }

  #finish(): void {
    if (this.#rows.length > 0) this.#start();
    if (this.#started) this.#out.write(this.#rule());
  }

  #rule(): string {
    return `+${this.#widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  }

  #line(cells: readonly string[]): string {
    let line = '|';
    for (let i = 0; i < cells.length; i++) line += ` ${padEnd(cells[i]!, this.#widths[i]!)} |`;
    return `${line}\n`;
  }
}
