import { ColumnPrinter } from './column.ts';
import { CsvPrinter, ListPrinter } from './delimited.ts';
import { JsonPrinter } from './json.ts';
import { LinePrinter } from './line.ts';
import { PrettyPrinter } from './pretty.ts';
import type { Output, Printer, PrintSettings } from './printer.ts';

export type { Cell, Output, Printer, PrintSettings } from './printer.ts';

/** The output modes, by the names of `.mode`; the JSON modes are also flags of the command line. */
export const MODES = ['column', 'csv', 'line', 'list', 'pretty', 'json', 'json_pretty'] as const;
export type Mode = (typeof MODES)[number];

export function printerFor(mode: Mode, out: Output, settings: PrintSettings): Printer {
  switch (mode) {
    case 'json':
    case 'json_pretty':
      return new JsonPrinter(out, settings.nullValue, mode === 'json_pretty');
    case 'csv':
      return new CsvPrinter(out, settings);
    case 'list':
      return new ListPrinter(out, settings);
    case 'line':
      return new LinePrinter(out, settings);
    case 'column':
      return new ColumnPrinter(out, settings);
    case 'pretty':
      return new PrettyPrinter(out, settings);
  }
}
