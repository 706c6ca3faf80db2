import type { Host, Kernel } from '../host/host.ts';
import type { Agent } from './agent.ts';
import type { Column, Columns, ColumnType, Platform } from './columns.ts';
import type { EventSource } from './event-source.ts';
import type { SqliteReader } from './sqlite-files.ts';

/** A table is a declaration: one value that says everything about it, and a lazy generator of its rows. */
export interface Table<C extends Columns = Columns> {
  readonly name: string;
  readonly description: string;
  readonly platforms: readonly Platform[];
  /** Other names the table answers to. */
  readonly aliases?: readonly string[];
  readonly columns: C;
  /** Queries that a reader can paste; each of them is run by a test. */
  readonly examples: readonly string[];
  /** Needs a running kernel: under `--root` the engine warns and returns no rows, and `generate` is not called. */
  readonly live?: true;
  /** Reads the home directories of users (osquery's `user_data`): wants a constraint on `uid`. */
  readonly userData?: true;
  /** osquery caches it between scheduled queries; here a fact for compatibility only. */
  readonly cacheable?: true;
  /** What no test on this machine can exercise, and why. */
  readonly untested?: string;
  generate(query: Query<C>): Iterable<Row<C>>;
}

/** Any table; what the engine and the registries hold. */
// biome-ignore lint/suspicious/noExplicitAny: the columns of a table are in both co- and contravariant places
export type AnyTable = Table<any>;

/** A cell as a table writes it. Absent (undefined or null): `''` in a TEXT column, NULL elsewhere. */
export type CellOf<T extends ColumnType> = T extends 'TEXT'
  ? string | null | undefined
  : T extends 'BLOB'
    ? Uint8Array | null | undefined
    : T extends 'DOUBLE'
      ? number | null | undefined
      : number | bigint | boolean | null | undefined;

export type Cells<C extends Columns> = { readonly [K in keyof C]?: CellOf<C[K]['type']> };

declare const rowOf: unique symbol;
/** Cells that went through `row()`: the only thing a table may yield. */
export type Row<C extends Columns> = Cells<C> & { readonly [rowOf]: C };

/** A value that a query asks for with `=` or IN. Integers that JavaScript cannot hold exactly are not pushed down. */
export type ValueOf<T extends ColumnType> = T extends 'TEXT' ? string : T extends 'BLOB' ? Uint8Array : number;

type Constrainable<O> = O extends
  | { required: true }
  | { index: true }
  | { additional: true }
  | { ordinal: true }
  | { optimized: true }
  ? true
  : never;
/** Names of the columns whose constraints a table may read. */
export type ConstrainedName<C extends Columns> = {
  [K in keyof C]: C[K] extends Column<ColumnType, infer O> ? (Constrainable<O> extends never ? never : K) : never;
}[keyof C];

export interface Pattern {
  /** NOCASE, RTRIM: `=` under that collation. PREFIX: what a text begins with, case ignored, of which SQLite told no more. */
  readonly operator: 'LIKE' | 'GLOB' | 'REGEXP' | 'MATCH' | 'NOCASE' | 'RTRIM' | 'PREFIX';
  readonly pattern: string;
}

/** What the running query asks of a table. Constraints only narrow: SQLite checks every row again. */
export interface Query<C extends Columns> {
  readonly host: Host;
  /** The kernel of a `live` table; throws for one that did not declare it and has none. */
  readonly kernel: Kernel;
  /** The events that were heard; undefined where nothing hears any. */
  readonly events: EventSource | undefined;
  /** Reads SQLite files. */
  readonly sqlite: SqliteReader;
  /** The running agent, for the `osquery_*` tables. */
  readonly agent: Agent;
  /** Makes a row. Names and types are checked by the compiler, also behind a spread. */
  row<R extends Cells<C>>(cells: R & { readonly [K in Exclude<keyof R, keyof C>]: never }): Row<C>;
  /** Values asked for with `=` or IN, without duplicates; undefined when the query does not say. */
  values<K extends ConstrainedName<C>>(column: K): readonly ValueOf<C[K]['type']>[] | undefined;
  /** Patterns asked of a column; all of them must hold. */
  patterns<K extends ConstrainedName<C>>(column: K): readonly Pattern[];
  /** The inclusive range that `< <= > >= =` leave of a number or an ordinal; an absent end is open. */
  bounds<K extends ConstrainedName<C>>(column: K): { readonly min?: number; readonly max?: number };
  /** Whether the query reads the column: what is costly and unread is not computed. */
  uses(...columns: (keyof C)[]): boolean;
  /** Something could not be read; the query goes on. Equal messages are counted, not repeated. */
  warn(message: string, cause?: unknown): void;
  /**
   * The value of `read`; undefined where the file does not exist, silently, and where it cannot be read or is
   * malformed, with a warning. Other errors are bugs and go through.
   */
  attempt<T>(read: () => T): T | undefined;
}

/** Declares a table; gives `generate` its types. */
export function table<const C extends Columns>(declaration: Table<C>): Table<C> {
  return declaration;
}
