import { createRequire } from 'node:module';
import type { Output, Printer, PrintSettings } from './printer.ts';

const require = createRequire(import.meta.url);

export type { Cell, Output, Printer, PrintSettings } from './printer.ts';

/** The output modes, by the names of `.mode`; the JSON modes are also flags of the command line. */
export const MODES = ['column', 'csv', 'line', 'list', 'pretty', 'json', 'json_pretty'] as const;
export type Mode = (typeof MODES)[number];

/** Whose output programs read: cells are data there, line breaks and all. */
const FOR_PROGRAMS: ReadonlySet<Mode> = new Set<Mode>(['csv', 'json', 'json_pretty']);

/** A printer of the mode, whose module alone is loaded. */
export function printerFor(mode: Mode, out: Output, settings: PrintSettings): Printer {
  const printer = plainPrinter(mode, out, settings);
  if (out.cell === undefined || FOR_PROGRAMS.has(mode)) return printer;
  const { ShownCells } = require('./shown-cells.ts') as typeof import('./shown-cells.ts');
  return new ShownCells(printer, out.cell);
}

function plainPrinter(mode: Mode, out: Output, settings: PrintSettings): Printer {
  switch (mode) {
    case 'json':
    case 'json_pretty': {
      const { JsonPrinter } = require('./json.ts') as typeof import('./json.ts');
      return new JsonPrinter(out, settings.nullValue, mode === 'json_pretty');
    }
    case 'csv': {
      const { CsvPrinter } = require('./delimited.ts') as typeof import('./delimited.ts');
      return new CsvPrinter(out, settings);
    }
    case 'list': {
      const { ListPrinter } = require('./delimited.ts') as typeof import('./delimited.ts');
      return new ListPrinter(out, settings);
    }
    case 'line': {
      const { LinePrinter } = require('./line.ts') as typeof import('./line.ts');
      return new LinePrinter(out, settings);
    }
    case 'column': {
      const { ColumnPrinter } = require('./column.ts') as typeof import('./column.ts');
      return new ColumnPrinter(out, settings);
    }
    case 'pretty': {
      const { PrettyPrinter } = require('./pretty.ts') as typeof import('./pretty.ts');
      return new PrettyPrinter(out, settings);
    }
  }
}
