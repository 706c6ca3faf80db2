import { UserError } from '../base/errors.ts';
import type { OptionValues } from '../config/option-values.ts';
import { SqlError } from '../engine/errors.ts';
import { type Mode, type Output, type PrintSettings, printerFor } from './printers/index.ts';
import { Cancelled, type ResultSink, type SqlRunner } from './runner.ts';

export interface SessionSettings {
  mode: Mode;
  header: boolean;
  separator: string;
  nullValue: string;
  widths: number[];
  echo: boolean;
  bail: boolean;
  timer: boolean;
}

/** Watches a query that takes long; `line` says how many rows have come. */
export interface Progress {
  start(): void;
  rows(count: number): void;
  stop(): void;
}

export interface SessionContext {
  readonly runner: SqlRunner;
  readonly options: OptionValues;
  readonly out: Output;
  readonly err: Output;
  readonly progress?: Progress;
  /** CPU seconds of this process: in programs and in the kernel. */
  cpuSeconds(): { readonly user: number; readonly system: number };
  /** For `.show`. */
  readonly version: string;
  readonly flagfile: string;
}

/** What the shell remembers from one line to the next, and how it runs SQL. */
export class Session {
  readonly context: SessionContext;
  readonly settings: SessionSettings;

  constructor(context: SessionContext) {
    this.context = context;
    const { options } = context;
    this.settings = {
      mode: modeOf(options),
      header: options.bool('header'),
      separator: options.string('separator'),
      nullValue: options.string('nullvalue'),
      widths: [],
      echo: false,
      bail: false,
      timer: false,
    };
  }

  get out(): Output {
    return this.context.out;
  }

  /** Runs SQL and prints what it returns; the exit code, 0 or SQLite's. Errors go to stderr behind `prefix`. */
  async run(sql: string, prefix = 'Error:'): Promise<number> {
    const { settings } = this;
    const start = performanceStart(this.context);
    if (settings.echo) this.out.write(`${sql}\n`);
    const printer = printerFor(settings.mode, this.out, this.#printSettings());
    let code = 0;
    printer.begin();
    try {
      await this.watch(sql, printer);
      printer.end();
    } catch (cause) {
      // Thousands of rows that were held back would hide that the query has stopped.
      if (!(cause instanceof Cancelled)) printer.end();
      code = await this.report(cause, prefix);
    }
    if (settings.timer) this.out.write(start());
    if (this.context.options.bool('planner')) this.context.err.write(await this.traceText());
    return code;
  }

  /** Runs SQL with the progress line. */
  async watch(sql: string, sink: ResultSink): Promise<void> {
    const { runner, progress } = this.context;
    let rows = 0;
    progress?.start();
    try {
      await runner.run(sql, {
        columns: (names) => sink.columns(names),
        row: (cells) => {
          sink.row(cells);
          progress?.rows(++rows);
        },
      });
    } finally {
      progress?.stop();
    }
  }

  /** Tells what went wrong, and which name may have been meant; the exit code. */
  async report(cause: unknown, prefix = 'Error:'): Promise<number> {
    if (!(cause instanceof UserError)) throw cause;
    this.context.err.write(`${prefix} ${cause.message}\n`);
    if (!(cause instanceof SqlError)) return 1;
    const { suggestion } = await import('./suggestion.ts');
    const hint = await suggestion(cause.message, this.context.runner);
    if (hint !== undefined) this.context.err.write(`  did you mean ${hint}?\n`);
    return cause.code;
  }

  /** Prints rows that do not come from SQL through the chosen mode. */
  print(names: readonly string[], rows: readonly (readonly string[])[]): void {
    const printer = printerFor(this.settings.mode, this.out, this.#printSettings());
    printer.begin();
    if (rows.length > 0) printer.columns(names);
    for (const row of rows) printer.row(row);
    printer.end();
  }

  /** What each table was asked, a line each: constraints, columns read, scans, rows, milliseconds. */
  async traceText(): Promise<string> {
    const entries = await this.context.runner.trace();
    return entries
      .map(({ table, constraints, used, scans, rows, milliseconds }) => {
        const asked = constraints.length === 0 ? 'no constraint' : constraints.join(', ');
        return `${table}: ${asked}; reads ${used.join(', ') || 'no column'}; ${count(scans, 'scan')}, ${count(rows, 'row')}, ${milliseconds.toFixed(1)} ms\n`;
      })
      .join('');
  }

  /** The setting of `.nullvalue` counts in the modes that sqlite3's shell has; in the others the flag does, as in osquery. */
  #printSettings(): PrintSettings {
    const { mode, header, separator, nullValue, widths } = this.settings;
    const ours = mode === 'pretty' || mode === 'json' || mode === 'json_pretty';
    return { header, separator, widths, nullValue: ours ? this.context.options.string('nullvalue') : nullValue };
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function modeOf(options: OptionValues): Mode {
  const modes = ['list', 'line', 'csv', 'json_pretty', 'json'] as const;
  return modes.find((mode) => options.bool(mode)) ?? 'pretty';
}

function performanceStart(context: SessionContext): () => string {
  const wall = process.hrtime.bigint();
  const cpu = context.cpuSeconds();
  return () => {
    const real = Number(process.hrtime.bigint() - wall) / 1e9;
    const now = context.cpuSeconds();
    const [user, system] = [now.user - cpu.user, now.system - cpu.system];
    return `Run Time: real ${real.toFixed(3)} user ${user.toFixed(6)} sys ${system.toFixed(6)}\n`;
  };
}
