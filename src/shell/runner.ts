import { SqlError } from '../engine/errors.ts';
import type { TraceEntry } from '../engine/trace.ts';
import type { Cell } from './printers/printer.ts';

/** Takes what SQL returns, row by row. */
export interface ResultSink {
  /** The columns of a statement, before its first row; not called for a statement without rows. */
  columns(names: readonly string[]): void;
  row(cells: readonly Cell[]): void;
}

export interface ColumnInfo {
  readonly name: string;
  readonly type: string;
}

/** Somebody pressed Ctrl-C: what the query gave is not wanted any more. */
export class Cancelled extends SqlError {
  constructor() {
    // SQLITE_INTERRUPT
    super('interrupted', 9);
  }
}

/** Runs SQL for the shell: in this thread for a one-shot query, in another for a prompt that has to stay alive. */
export interface SqlRunner {
  /** Runs every statement of `sql`. Rejects with `SqlError`; rows that came before went to the sink. */
  run(sql: string, sink: ResultSink): Promise<void>;
  /** The columns of the first statement of `sql`, which is not run. */
  describe(sql: string): Promise<readonly ColumnInfo[]>;
  /** What each table was asked by the last `run`; empty unless `traced` is set. */
  trace(): Promise<readonly TraceEntry[]>;
  setTraced(on: boolean): Promise<void>;
  /** Names of all tables, sorted. */
  tables(): Promise<readonly string[]>;
  /** The `CREATE TABLE` of a table. */
  ddl(table: string): Promise<string | undefined>;
  /** Names of the columns of a table, hidden ones included. */
  columnsOf(table: string): Promise<readonly string[]>;
  /** Tables that the last SQL named. */
  namedTables(): Promise<readonly string[]>;
  /** Stops what runs. */
  cancel(): void;
  close(): Promise<void>;
}
