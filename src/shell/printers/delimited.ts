import type { Cell, Output, Printer, PrintSettings } from './printer.ts';

/** `list` mode: cells as they are, with the separator between them. */
export class ListPrinter implements Printer {
  protected readonly out: Output;
  protected readonly settings: PrintSettings;
  #header: readonly string[] | undefined;

  constructor(out: Output, settings: PrintSettings) {
    this.out = out;
    this.settings = settings;
  }

  begin(): void {
    this.#header = undefined;
  }

  columns(names: readonly string[]): void {
    this.#header = this.settings.header ? names : undefined;
  }

  row(cells: readonly Cell[]): void {
    const { separator } = this.settings;
    if (this.#header !== undefined) {
      this.out.write(`${this.#header.map((name) => this.cell(name)).join(separator)}\n`);
      this.#header = undefined;
    }
    let line = '';
    for (let i = 0; i < cells.length; i++) line += (i === 0 ? '' : separator) + this.cell(cells[i]!);
    this.out.write(`${line}\n`);
  }

  end(): void {}

  protected cell(value: Cell): string {
    return value ?? this.settings.nullValue;
  }
}

/** What sqlite3's shell quotes: control characters, blanks, quotes, anything beyond ASCII. */
const NEEDS_QUOTES = /[\0- "'\x7f-\uffff]/;

/** `csv` mode, RFC 4180 with the separator of one's choice (osquery's default is `|`). The empty text is `""`, NULL is bare. */
export class CsvPrinter extends ListPrinter {
  protected override cell(value: Cell): string {
    if (value === null) return this.settings.nullValue;
    const { separator } = this.settings;
    const quoted = value === '' || NEEDS_QUOTES.test(value) || (separator !== '' && value.includes(separator));
    return quoted ? `"${value.replaceAll('"', '""')}"` : value;
  }
}
