import { createRequire } from 'node:module';
import type { Host } from '../host/host.ts';
import type { Agent } from '../schema/agent.ts';
import type { EventSource } from '../schema/event-source.ts';
import type { SqliteReader } from '../schema/sqlite-files.ts';
import type { AnyTable } from '../schema/table.ts';
import { AbsentKernel } from './absent-kernel.ts';
import { isAllowed } from './authorizer.ts';
import { SqlError } from './errors.ts';
import type { SqlValue } from './functions/function.ts';
import { guardedHost } from './guarded-host.ts';
import { Guard, type GuardOptions, type Limits } from './limits.ts';
import {
  SQLITE_AUTH,
  SQLITE_DBCONFIG_DQS_DDL,
  SQLITE_DBCONFIG_DQS_DML,
  SQLITE_DBCONFIG_FP_DIGITS,
  SQLITE_ERROR,
  SQLITE_INTERRUPT,
  SQLITE_LIMIT_LIKE_PATTERN_LENGTH,
  SQLITE_NOMEM,
  SQLITE_OK,
  SQLITE_OPEN_CREATE,
  SQLITE_OPEN_READWRITE,
} from './sqlite/constants.ts';
import { type FunctionSet, registerFunctions } from './sqlite/functions.ts';
import { Library } from './sqlite/library.ts';
import { type ResultColumn, Statement } from './statement.ts';
import { Trace } from './trace.ts';
import { type Layout, layoutOf } from './virtual-table/layout.ts';
import { VirtualTables } from './virtual-table/virtual-tables.ts';

const require = createRequire(import.meta.url);

export { SqlError } from './errors.ts';
export type { SqlValue } from './functions/function.ts';
export type { ResultColumn, Statement, ValueType } from './statement.ts';
export type { TraceEntry } from './trace.ts';

/** A table that can be had: its module is loaded when a statement first names it. */
export interface TableSource {
  readonly name: string;
  readonly aliases: readonly string[];
  load(): AnyTable;
}

/** Something a table could not read. `count` equal ones came in one statement; `cause` is the first. */
export interface Warning {
  /** Empty where a function warns. */
  readonly table: string;
  readonly message: string;
  readonly cause: string | undefined;
  readonly count: number;
}

/** What functions may use of the engine they run in. */
export interface FunctionContext {
  readonly files: Host['files'];
  /** Throws when the statement has to stop. */
  check(): void;
  warn(message: string): void;
}

export interface EngineOptions extends GuardOptions {
  /** The compiled `sqlite3.wasm`. */
  readonly module: WebAssembly.Module;
  readonly host: Host;
  readonly agent: Agent;
  readonly tables: readonly TableSource[];
  /** SQL functions of ours, or what makes them for this engine. */
  readonly functions: FunctionSet | ((context: FunctionContext) => FunctionSet);
  /** Gets each distinct warning of a statement once, when the statement ends. */
  readonly warn?: (warning: Warning) => void;
  /** Bytes of memory that SQLite may use; a statement that needs more fails with SQLITE_NOMEM. */
  readonly memoryLimit?: number;
}

const DEFAULT_MEMORY_LIMIT = 256 * 1024 * 1024;
/** How many of SQLite's own steps go between two looks at the clock: about 0.1 ms. */
const STEPS_A_LOOK = 4000;
/** As SQLite had it until 3.52, and osquery has it: `0.1 + 0.2` is `0.3`. */
const FLOAT_DIGITS = 15;
/** Bytes of a pattern of LIKE or GLOB: each wildcard goes a level deeper, and 12,000 overflow the stack. SQLite has 50,000. */
const MAX_PATTERN = 5000;
/** Distinct warnings kept for one statement. */
const MAX_WARNINGS = 100;

/**
 * SQL text in, rows out. One connection to an in-memory SQLite whose tables are ours; one a thread. It blocks while a
 * table reads the machine.
 */
export class Engine implements Disposable {
  readonly limits: Limits = {};
  readonly trace = new Trace();
  /** What the next statement reads of the events that were heard. */
  events: EventSource | undefined;
  readonly #library: Library;
  readonly #options: EngineOptions;
  readonly #tables: VirtualTables;
  readonly #sources = new Map<string, TableSource>();
  readonly #layouts = new Map<TableSource, Layout>();
  readonly #registered = new Set<string>();
  readonly #guard: Guard;
  readonly #db: number;
  readonly #out: number;
  readonly #warnings = new Map<string, { table: string; message: string; cause: string | undefined; count: number }>();
  #denied: string | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#guard = new Guard(options);
    const library = new Library(options.module, options.memoryLimit ?? DEFAULT_MEMORY_LIMIT);
    this.#library = library;
    const { api, heap } = library;
    this.#out = api.malloc(16);
    const name = heap.string(':memory:');
    const code = api.sqlite3_open_v2(name, this.#out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 0);
    api.free(name);
    this.#db = heap.u32[this.#out >> 2]!;
    if (code !== SQLITE_OK) throw new Error(`sqlite3_open_v2: ${code}`);
    // osquery's users write where name = "root": a text in double quotes that names no column is a text.
    api.sqlite3__wasm_db_config_ip(this.#db, SQLITE_DBCONFIG_DQS_DML, 1, 0);
    api.sqlite3__wasm_db_config_ip(this.#db, SQLITE_DBCONFIG_DQS_DDL, 1, 0);
    api.sqlite3__wasm_db_config_ip(this.#db, SQLITE_DBCONFIG_FP_DIGITS, FLOAT_DIGITS, 0);
    api.sqlite3_limit(this.#db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, MAX_PATTERN);
    for (const source of options.tables) {
      this.#sources.set(source.name, source);
      for (const alias of source.aliases) this.#sources.set(alias, source);
    }
    const absent = options.host.kernel === undefined ? new AbsentKernel(options.host.files) : undefined;
    const given: Host =
      absent === undefined
        ? options.host
        : { platform: 'linux', files: absent.files, kernel: undefined, within: (pid) => options.host.within(pid) };
    const host = guardedHost(given, this.#guard);
    const warn = this.#warn.bind(this);
    const engine = this;
    const check = this.#guard.check;
    let sqlite: SqliteReader | undefined;
    this.#tables = new VirtualTables(library, {
      host,
      agent: options.agent,
      absent,
      get events() {
        return engine.events;
      },
      get sqlite() {
        if (sqlite === undefined) {
          const { SqliteFiles } =
            require('./sqlite-files/sqlite-files.ts') as typeof import('./sqlite-files/sqlite-files.ts');
          sqlite = new SqliteFiles(options.module, host.files, check);
        }
        return sqlite;
      },
      trace: this.trace,
      check: this.#guard.check,
      warn,
    });
    const { functions } = options;
    const context = { files: host.files, check: this.#guard.check, warn: (message: string) => warn('', message) };
    registerFunctions(library, this.#db, typeof functions === 'function' ? functions(context) : functions);
    const isOurs = (name: string) => this.#sources.has(name.toLowerCase());
    const { progress, authorize } = library.install({
      progress: ['ii', () => (this.#guard.expired() ? 1 : 0)],
      authorize: [
        'iiiiiii',
        (_data: number, action: number, first: number, second: number) => {
          const [a, b] = [heap.cString(first), heap.cString(second)];
          if (isAllowed(action, a, b, isOurs)) return 0;
          this.#denied = [a, b].filter((word) => word !== '').join(' ');
          return 1;
        },
      ],
    });
    api.sqlite3_progress_handler(this.#db, STEPS_A_LOOK, progress, 0);
    api.sqlite3_set_authorizer(this.#db, authorize, 0);
  }

  /** Bytes of memory that SQLite has taken; it never gives any back, so an engine that grew large is replaced. */
  get memory(): number {
    return this.#library.heap.size;
  }

  /**
   * Prepares the first statement of `sql`; `tail` is what follows it. `statement` is undefined where there is only
   * white space or a comment. Throws `SqlError`.
   */
  prepare(sql: string): { statement: Statement | undefined; tail: string } {
    this.#registerNamed(sql);
    const { api, heap } = this.#library;
    const text = heap.string(sql);
    if (text === 0) throw new SqlError('out of memory', SQLITE_NOMEM);
    try {
      this.#guard.start(this.limits.deadlineMs);
      this.#denied = undefined;
      const code = api.sqlite3_prepare_v2(this.#db, text, -1, this.#out, this.#out + 4);
      if (code !== SQLITE_OK) throw this.error(code);
      const pointer = heap.u32[this.#out >> 2]!;
      const tail = heap.cString(heap.u32[(this.#out + 4) >> 2]!);
      return { statement: pointer === 0 ? undefined : new Statement(this, this.#library, pointer), tail };
    } catch (cause) {
      throw this.overflow(cause);
    } finally {
      this.#guard.end();
      api.free(text);
    }
  }

  /** Each statement of `sql` in turn, prepared when the one before is done with. */
  *statements(sql: string): Generator<Statement> {
    for (let rest = sql; rest !== ''; ) {
      const { statement, tail } = this.prepare(rest);
      rest = tail;
      if (statement === undefined) continue;
      try {
        yield statement;
      } finally {
        statement[Symbol.dispose]();
      }
    }
  }

  /** Runs every statement of `sql`; the columns and rows of the last that has any. */
  query(sql: string): { columns: readonly ResultColumn[]; rows: SqlValue[][] } {
    let columns: readonly ResultColumn[] = [];
    let rows: SqlValue[][] = [];
    for (const statement of this.statements(sql)) {
      if (statement.columns.length > 0) {
        columns = statement.columns;
        rows = [];
      }
      while (statement.step()) rows.push(columns.map((_, i) => statement.value(i)));
    }
    return { columns, rows };
  }

  /** The declaration of a table by its name or alias; undefined where there is none. */
  table(name: string): AnyTable | undefined {
    const source = this.#sources.get(name.toLowerCase());
    return source && this.#layout(source).table;
  }

  /** The `CREATE TABLE` a table would have had, as `.schema` shows it. */
  ddl(name: string): string | undefined {
    const source = this.#sources.get(name.toLowerCase());
    return source && this.#layout(source).ddl;
  }

  /** Names of all tables, sorted. */
  get tableNames(): readonly string[] {
    return this.#options.tables.map(({ name }) => name).toSorted();
  }

  /** For `Statement`: the clock of a statement starts with its first step. */
  begin(): void {
    this.#guard.start(this.limits.deadlineMs);
    if (this.trace.on) this.trace.clear();
  }

  /** For `Statement`: a statement has ended. */
  end(): void {
    this.#guard.end();
    for (const warning of this.#warnings.values()) this.#options.warn?.(warning);
    this.#warnings.clear();
    this.#library.heap.trim();
  }

  /** For `Statement`: SQLite's last error. */
  error(code: number): SqlError {
    const { api, heap } = this.#library;
    const primary = code & 0xff;
    if (primary === SQLITE_INTERRUPT && this.#guard.reason === 'deadline') {
      return new SqlError(`interrupted: the query took longer than ${this.limits.deadlineMs} ms`, primary);
    }
    const message = heap.cString(api.sqlite3_errmsg(this.#db));
    const offset = api.sqlite3_error_offset(this.#db);
    const denied = primary === SQLITE_AUTH && this.#denied ? `${message}: ${this.#denied}` : message;
    return new SqlError(denied, primary, offset < 0 ? undefined : offset);
  }

  /**
   * For `Statement`: what is thrown in place of `cause`. A statement that overflows the stack leaves SQLite in the middle of its
   * work: its own stack is put right, and the statement is to be reset.
   */
  overflow(cause: unknown): unknown {
    if (!(cause instanceof RangeError)) return cause;
    this.#library.unwind();
    return new SqlError('the statement is too complex: it overflows the stack', SQLITE_ERROR);
  }

  [Symbol.dispose](): void {
    this.#library.api.sqlite3_close_v2(this.#db);
  }

  #layout(source: TableSource): Layout {
    let layout = this.#layouts.get(source);
    if (layout === undefined) {
      layout = layoutOf(source.load(), this.#options.host.platform);
      this.#layouts.set(source, layout);
    }
    return layout;
  }

  /**
   * Registers the tables that `sql` may mean, before SQLite looks for them. A table can only be meant where its name
   * stands in some text that this connection ran, so a look at the words is enough; registering all of them at start
   * costs 2 ms and loads their modules.
   */
  #registerNamed(sql: string): void {
    for (const [word] of sql.matchAll(/[A-Za-z_][A-Za-z0-9_]*/g)) {
      const name = word.toLowerCase();
      if (this.#registered.has(name)) continue;
      const source = this.#sources.get(name);
      if (source === undefined) continue;
      this.#tables.register(this.#db, name, this.#layout(source));
      this.#registered.add(name);
    }
  }

  #warn(table: string, message: string, cause?: unknown): void {
    const key = `${table}\0${message}`;
    const known = this.#warnings.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.#warnings.size < MAX_WARNINGS) {
      const text = cause === undefined ? undefined : cause instanceof Error ? cause.message : String(cause);
      this.#warnings.set(key, { table, message, cause: text, count: 1 });
    }
  }
}
