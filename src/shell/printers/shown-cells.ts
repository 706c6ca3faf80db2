import type { Cell, Printer } from './printer.ts';

/** Prints cells as `show` makes them: a line break in a cell is no new row. */
export class ShownCells implements Printer {
  readonly #printer: Printer;
  readonly #show: (text: string) => string;

  constructor(printer: Printer, show: (text: string) => string) {
    this.#printer = printer;
    this.#show = show;
  }

  begin(): void {
    this.#printer.begin();
  }

  columns(names: readonly string[]): void {
    this.#printer.columns(names.map(this.#show));
  }

  row(cells: readonly Cell[]): void {
    this.#printer.row(cells.map((cell) => cell && this.#show(cell)));
  }

  end(): void {
    this.#printer.end();
  }
}
