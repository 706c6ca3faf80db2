import type { Engine } from '../engine/engine.ts';
import { expressionTypes } from '../engine/expression-types.ts';
import type { TraceEntry } from '../engine/trace.ts';
import type { Cell } from './printers/printer.ts';
import type { ColumnInfo, ResultSink, SqlRunner } from './runner.ts';

/** Runs SQL in this thread: a cold start pays for no other. */
export class LocalRunner implements SqlRunner {
  readonly #engine: Engine;
  #sql = '';

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async run(sql: string, sink: ResultSink): Promise<void> {
    this.#sql = sql;
    for (const statement of this.#engine.statements(sql)) {
      const { columns } = statement;
      let first = true;
      for (const cells of statement.rows(cellText)) {
        if (first) sink.columns(columns.map(({ name }) => name));
        first = false;
        sink.row(cells);
      }
    }
  }

  async describe(sql: string): Promise<readonly ColumnInfo[]> {
    this.#sql = sql;
    const { statement, tail } = this.#engine.prepare(sql);
    if (statement === undefined) return [];
    using open = statement;
    const { columns } = open;
    // What EXPLAIN itself gives has no types.
    const isKnown = columns.every(({ declaredType }) => declaredType !== null) || /^\s*explain\b/i.test(sql);
    const types = isKnown
      ? []
      : expressionTypes(this.#engine.query(`explain ${sql.slice(0, sql.length - tail.length)}`).rows);
    return columns.map(({ name, declaredType }, i) => ({ name, type: declaredType ?? types[i] ?? 'UNKNOWN' }));
  }

  async trace(): Promise<readonly TraceEntry[]> {
    return this.#engine.trace.entries;
  }

  async setTraced(on: boolean): Promise<void> {
    this.#engine.trace.on = on;
  }

  async tables(): Promise<readonly string[]> {
    return this.#engine.tableNames;
  }

  async ddl(table: string): Promise<string | undefined> {
    return this.#engine.ddl(table);
  }

  async columnsOf(table: string): Promise<readonly string[]> {
    return Object.keys(this.#engine.table(table)?.columns ?? {});
  }

  async namedTables(): Promise<readonly string[]> {
    const words = new Set(this.#sql.toLowerCase().match(/\w+/g));
    return this.#engine.tableNames.filter((name) => words.has(name));
  }

  cancel(): void {
    // A query in this thread leaves nobody to call this.
  }

  async close(): Promise<void> {
    this.#engine[Symbol.dispose]();
  }
}

/** osquery's rows are C strings: they end at the first NUL. Printed whole, a NUL would end them in most readers, too. */
function cellText(text: string | null, _type: number, plain: boolean): Cell {
  if (text === null || plain) return text;
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}
