import type { TraceEntry } from '../../engine/trace.ts';
import type { Cell } from '../printers/printer.ts';
import type { ColumnInfo } from '../runner.ts';

/** What the prompt asks of the thread that runs SQL. Requests are answered in order, one at a time. */
export type Request =
  | { readonly kind: 'run'; readonly sql: string; readonly traced: boolean }
  | { readonly kind: 'describe'; readonly sql: string }
  | { readonly kind: 'trace' | 'tables' | 'namedTables' | 'close' }
  | { readonly kind: 'ddl' | 'columnsOf'; readonly table: string };

export type Answer = string | undefined | readonly string[] | readonly ColumnInfo[] | readonly TraceEntry[];

export type Reply =
  | { readonly kind: 'columns'; readonly names: readonly string[] }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'done'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly message: string; readonly code: number | undefined };

/** Shared between the two threads, as 32-bit integers. */
export const SHARED = {
  /** Not 0: stop the statement. The engine polls it. */
  cancel: 0,
  /** Batches of rows sent and not yet printed. */
  outstanding: 1,
  /** Number of the statement that runs; 0 where none does. */
  statement: 2,
} as const;
export const SHARED_BYTES = 12;

/** Rows sent at once; a message costs about 20 µs. Fewer go where they are large, or come slowly. */
export const BATCH = 256;
export const BATCH_CHARACTERS = 256 * 1024;
export const BATCH_MS = 100;
/** Past this the SQL thread waits for the printer, so that a fast query and a slow terminal need no memory. */
export const MAX_OUTSTANDING = 16;
