import { monotonicNow } from '../../base/clock.ts';
import { HostError, UserError } from '../../base/errors.ts';
import type { Columns } from '../../schema/columns.ts';
import type { Row } from '../../schema/table.ts';
import type { AbsentKernel } from '../absent-kernel.ts';
import { Interrupted } from '../errors.ts';
import type { SqlValue } from '../functions/function.ts';
import { SQLITE_CONSTRAINT, SQLITE_ERROR, SQLITE_INTERRUPT, SQLITE_NOMEM, SQLITE_OK } from '../sqlite/constants.ts';
import type { Library } from '../sqlite/library.ts';
import { readValue } from '../sqlite/values.ts';
import type { Trace, TraceEntry } from '../trace.ts';
import { cellWriter, MAX_CELL } from './cells.ts';
import type { Layout } from './layout.ts';
import { bestIndex, type Plan, parsePlan } from './plan.ts';
import { RowIds, rowHasher } from './rowid.ts';
import { type Constraint, comparesNull, type TableQueryContext, tableQuery } from './table-query.ts';

/** `sqlite3_module`, `sqlite3_vtab` and `sqlite3_vtab_cursor` in wasm32; ours follows SQLite's part of each. */
const MODULE_SIZE = 100;
const MODULE = {
  connect: 8,
  bestIndex: 12,
  disconnect: 16,
  open: 24,
  close: 28,
  filter: 32,
  next: 36,
  eof: 40,
  column: 44,
  rowid: 48,
};
const VTAB = { size: 16, errorMessage: 8, table: 12 };
const CURSOR = { size: 8, id: 4 };

/** Plans repeat from row to row of a join and from run to run; a few hundred distinct ones are a busy agent. */
const PLAN_CACHE = 512;

interface Cursor {
  readonly vtab: number;
  readonly layout: Layout;
  rows: Iterator<Row<Columns>> | undefined;
  row: Readonly<Record<string, unknown>>;
  done: boolean;
  plan: Plan | undefined;
  trace: TraceEntry | undefined;
  /** Of the rows of this scan, where SQLite asks for them. */
  rowIds: RowIds | undefined;
  /** Of `row`, once it was asked for. */
  rowId: bigint | undefined;
}

export interface VirtualTableContext extends TableQueryContext {
  /** For a machine that does not run. */
  readonly absent: AbsentKernel | undefined;
  readonly trace: Trace;
  /** Throws `Interrupted` when the statement has to stop. */
  check(): void;
}

const NO_ROW = Object.freeze({});

/**
 * All tables of one connection behind one `sqlite3_module`: function pointers are installed once, and a table is told
 * by the number it is registered with (`pAux`). There is no xCreate, so the tables are eponymous: they are there
 * without a CREATE VIRTUAL TABLE, and cost nothing until a statement names them.
 */
export class VirtualTables {
  readonly #library: Library;
  readonly #context: VirtualTableContext;
  readonly #layouts: Layout[] = [];
  readonly #cursors: (Cursor | undefined)[] = [];
  readonly #freeCursors: number[] = [];
  readonly #plans = new Map<Layout, Map<string, Plan>>();
  readonly #module: number;
  readonly #hash: (layout: Layout, plan: Plan, row: Readonly<Record<string, unknown>>) => bigint;
  readonly #out: number;

  constructor(library: Library, context: VirtualTableContext) {
    this.#library = library;
    this.#context = context;
    this.#hash = rowHasher();
    const { api, heap } = library;
    this.#out = api.malloc(8);
    const writeCell = cellWriter(library);
    const cursors = this.#cursors;
    const pointers = library.install({
      connect: ['iiiiiii', (db, aux, _argc, _argv, vtab, error) => this.#connect(db, aux, vtab, error)],
      bestIndex: ['iii', (vtab, info) => this.#guard(vtab, () => bestIndex(library, this.#layoutOf(vtab), info))],
      disconnect: [
        'ii',
        (vtab) => {
          api.sqlite3_free(vtab);
          return SQLITE_OK;
        },
      ],
      open: ['iii', (vtab, out) => this.#open(vtab, out)],
      close: ['ii', (cursor) => this.#close(cursor)],
      filter: [
        'iiiiii',
        (pointer, _number, plan, argc, argv) => {
          const cursor = cursors[heap.u32[(pointer + CURSOR.id) >> 2]!]!;
          try {
            return this.#filter(cursor, plan, argc, argv);
          } catch (cause) {
            return this.#fail(cursor, cause);
          }
        },
      ],
      next: [
        'ii',
        (pointer) => {
          const cursor = cursors[heap.u32[(pointer + CURSOR.id) >> 2]!]!;
          try {
            return this.#advance(cursor);
          } catch (cause) {
            return this.#fail(cursor, cause);
          }
        },
      ],
      eof: ['ii', (pointer) => (cursors[heap.u32[(pointer + CURSOR.id) >> 2]!]!.done ? 1 : 0)],
      column: [
        'iiii',
        (pointer, result, number) => {
          const cursor = cursors[heap.u32[(pointer + CURSOR.id) >> 2]!]!;
          const column = cursor.layout.columns[number]!;
          try {
            if (writeCell(result, cursor.row[column.source], column.type)) {
              const { table } = cursor.layout;
              context.warn(table.name, `truncated: ${column.source}: a cell is longer than ${MAX_CELL} characters`);
            }
            return SQLITE_OK;
          } catch (cause) {
            return this.#fail(cursor, cause);
          }
        },
      ],
      rowid: [
        'iii',
        (pointer, out) => {
          const cursor = cursors[heap.u32[(pointer + CURSOR.id) >> 2]!]!;
          try {
            heap.i64[out >> 3] = this.#rowId(cursor);
            return SQLITE_OK;
          } catch (cause) {
            return this.#fail(cursor, cause);
          }
        },
      ],
    });
    this.#module = api.malloc(MODULE_SIZE);
    heap.u8.fill(0, this.#module, this.#module + MODULE_SIZE);
    for (const [name, offset] of Object.entries(MODULE)) {
      heap.u32[(this.#module + offset) >> 2] = pointers[name as keyof typeof MODULE];
    }
  }

  /** Makes `layout` known to `db` under `name` (its own or an alias of it). */
  register(db: number, name: string, layout: Layout): void {
    const { api, heap } = this.#library;
    let number = this.#layouts.indexOf(layout);
    if (number < 0) number = this.#layouts.push(layout) - 1;
    const text = heap.string(name);
    const code = api.sqlite3_create_module_v2(db, text, this.#module, number, 0);
    api.free(text);
    if (code !== SQLITE_OK) throw new Error(`sqlite3_create_module_v2 ${name}: ${code}`);
  }

  #layoutOf(vtab: number): Layout {
    return this.#layouts[this.#library.heap.u32[(vtab + VTAB.table) >> 2]!]!;
  }

  #connect(db: number, number: number, out: number, error: number): number {
    const { api, heap } = this.#library;
    try {
      const ddl = heap.string(this.#layouts[number]!.ddl);
      const code = api.sqlite3_declare_vtab(db, ddl);
      api.free(ddl);
      if (code !== SQLITE_OK) throw new Error(heap.cString(api.sqlite3_errmsg(db)));
      const vtab = api.sqlite3_malloc(VTAB.size);
      if (vtab === 0) return SQLITE_NOMEM;
      heap.u8.fill(0, vtab, vtab + VTAB.size);
      heap.u32[(vtab + VTAB.table) >> 2] = number;
      heap.u32[out >> 2] = vtab;
      return SQLITE_OK;
    } catch (cause) {
      heap.u32[error >> 2] = heap.string(messageOf(cause), (n) => api.sqlite3_malloc(n));
      return SQLITE_ERROR;
    }
  }

  #open(vtab: number, out: number): number {
    const { api, heap } = this.#library;
    const pointer = api.sqlite3_malloc(CURSOR.size);
    if (pointer === 0) return SQLITE_NOMEM;
    const id = this.#freeCursors.pop() ?? this.#cursors.length;
    heap.u32[pointer >> 2] = 0;
    heap.u32[(pointer + CURSOR.id) >> 2] = id;
    this.#cursors[id] = {
      vtab,
      layout: this.#layoutOf(vtab),
      rows: undefined,
      row: NO_ROW,
      done: true,
      plan: undefined,
      trace: undefined,
      rowIds: undefined,
      rowId: undefined,
    };
    heap.u32[out >> 2] = pointer;
    return SQLITE_OK;
  }

  #close(pointer: number): number {
    const { api, heap } = this.#library;
    const id = heap.u32[(pointer + CURSOR.id) >> 2]!;
    const cursor = this.#cursors[id]!;
    finish(cursor);
    this.#cursors[id] = undefined;
    this.#freeCursors.push(id);
    api.sqlite3_free(pointer);
    return SQLITE_OK;
  }

  #filter(cursor: Cursor, planText: number, argc: number, argv: number): number {
    const { heap } = this.#library;
    const { layout } = cursor;
    finish(cursor);
    const plan = this.#planOf(layout, heap.cString(planText));
    cursor.plan = plan;
    cursor.rowIds = undefined;
    this.#context.check();
    if (plan.missingRequired) {
      const names = layout.required.join(' or ');
      const message = `Table ${layout.table.name} was queried without a required column in the WHERE clause`;
      this.#context.warn(layout.table.name, `${message}: constrain ${names}`);
      return this.#error(cursor.vtab, message, SQLITE_CONSTRAINT);
    }
    const constraints: Constraint[] = [];
    for (let i = 0; i < argc; i++) {
      const { column, operator, list } = plan.constraints[i]!;
      const pointer = heap.u32[(argv >> 2) + i]!;
      const { source, type } = layout.columns[column]!;
      const values = list ? this.#listValues(pointer) : [readValue(this.#library, pointer)];
      constraints.push({ column: source, type, operator, values });
    }
    cursor.trace = this.#context.trace.scan(layout.table.name, layout, plan);
    if (layout.table.live && this.#context.host.kernel === undefined) {
      this.#context.warn(layout.table.name, 'needs the running kernel, which --root does not have: no rows');
      return SQLITE_OK;
    }
    if (comparesNull(constraints)) return SQLITE_OK;
    cursor.done = false;
    cursor.rows = layout.table.generate(tableQuery(this.#context, layout, plan, constraints))[Symbol.iterator]();
    const { absent } = this.#context;
    if (absent === undefined) return this.#advance(cursor);
    absent.take();
    const code = this.#advance(cursor);
    const missed = absent.take();
    if (cursor.done && missed !== undefined) {
      this.#context.warn(
        layout.table.name,
        `reads ${missed} of the running kernel, which --root does not have: no rows`,
      );
    }
    return code;
  }

  #rowId(cursor: Cursor): bigint {
    cursor.rowIds ??= new RowIds();
    cursor.rowId ??= cursor.rowIds.of(this.#hash(cursor.layout, cursor.plan!, cursor.row));
    return cursor.rowId;
  }

  #advance(cursor: Cursor): number {
    this.#context.check();
    cursor.rowId = undefined;
    const { trace } = cursor;
    if (trace === undefined) {
      const { done, value } = cursor.rows!.next();
      cursor.done = done === true;
      cursor.row = value as Cursor['row'];
      return SQLITE_OK;
    }
    const start = monotonicNow();
    const { done, value } = cursor.rows!.next();
    trace.milliseconds += monotonicNow() - start;
    cursor.done = done === true;
    cursor.row = value as Cursor['row'];
    if (!cursor.done) trace.rows += 1;
    return SQLITE_OK;
  }

  #planOf(layout: Layout, text: string): Plan {
    let plans = this.#plans.get(layout);
    if (plans === undefined) {
      plans = new Map();
      this.#plans.set(layout, plans);
    }
    let plan = plans.get(text);
    if (plan === undefined) {
      if (plans.size >= PLAN_CACHE) plans.clear();
      plan = parsePlan(text, layout);
      plans.set(text, plan);
    }
    return plan;
  }

  /** The right side of an IN, by `sqlite3_vtab_in_first` and `_next`. */
  #listValues(pointer: number): SqlValue[] {
    const { api, heap } = this.#library;
    const out = this.#out;
    const values: SqlValue[] = [];
    let code = api.sqlite3_vtab_in_first(pointer, out);
    while (code === SQLITE_OK && heap.u32[out >> 2] !== 0) {
      values.push(readValue(this.#library, heap.u32[out >> 2]!));
      code = api.sqlite3_vtab_in_next(pointer, out);
    }
    return values;
  }

  #guard(vtab: number, run: () => number): number {
    try {
      return run();
    } catch (cause) {
      return this.#error(vtab, messageOf(cause), SQLITE_ERROR);
    }
  }

  /** An exception must not cross SQLite's frames: it becomes an error of the statement, named after the table. */
  #fail(cursor: Cursor, cause: unknown): number {
    finish(cursor);
    if (cause instanceof Interrupted) return this.#error(cursor.vtab, 'interrupted', SQLITE_INTERRUPT);
    return this.#error(cursor.vtab, `${cursor.layout.table.name}: ${messageOf(cause)}`, SQLITE_ERROR);
  }

  #error(vtab: number, message: string, code: number): number {
    const { api, heap } = this.#library;
    api.sqlite3_free(heap.u32[(vtab + VTAB.errorMessage) >> 2]!);
    const text = heap.string(message, (n) => api.sqlite3_malloc(n));
    heap.u32[(vtab + VTAB.errorMessage) >> 2] = text;
    return code;
  }
}

/** Ends a scan; the table's `finally` blocks run. */
function finish(cursor: Cursor): void {
  const { rows, done } = cursor;
  cursor.rows = undefined;
  cursor.row = NO_ROW;
  cursor.done = true;
  if (rows === undefined || done) return;
  try {
    rows.return?.();
  } catch {
    // The rows were right; what fails while they are put away fails nobody.
  }
}

function messageOf(cause: unknown): string {
  if (cause instanceof HostError || cause instanceof UserError) return cause.message;
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
