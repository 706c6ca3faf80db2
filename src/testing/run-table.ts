import { HostError, isAbsent, MalformedInput } from '../base/errors.ts';
import { SqliteFiles } from '../engine/sqlite-files/sqlite-files.ts';
import type { Host } from '../host/host.ts';
import { sqliteModule } from '../host/linux/sqlite-module.ts';
import type { Agent } from '../schema/agent.ts';
import type { Column, ColumnType } from '../schema/columns.ts';
import type { EventSource } from '../schema/event-source.ts';
import type { AnyTable, Pattern, Query } from '../schema/table.ts';
import { fakeAgent } from './fake-agent.ts';

type Value = string | number | Uint8Array;

/** What a query asks of a column: `=` one value, IN several, or operators. */
export type Asked =
  | Value
  | readonly Value[]
  | {
      readonly like?: string;
      readonly glob?: string;
      readonly regexp?: string;
      readonly match?: string;
      /** Inclusive. */
      readonly min?: number;
      readonly max?: number;
    };

export interface RunOptions {
  readonly where?: Readonly<Record<string, Asked>>;
  /** The columns that the query reads; default all. */
  readonly uses?: readonly string[];
  readonly agent?: Agent;
  /** What a table of events reads. */
  readonly events?: EventSource | undefined;
  /** Rows pulled at most, as LIMIT does. */
  readonly limit?: number;
}

export type CellValue = string | number | bigint | Uint8Array | null;

export interface RunResult {
  /** All columns in order, also hidden ones, but none of another platform. */
  readonly rows: readonly Readonly<Record<string, CellValue>>[];
  /** `message` or `message: cause`, once each. */
  readonly warnings: readonly string[];
}

/**
 * Runs a table without SQL: what the engine asks of it, what it makes of the cells. Fails where a table breaks its
 * declaration: a column that is not declared, a cell of another type. Rows are not filtered: what is here is what the
 * table itself narrows.
 */
export function runTable(table: AnyTable, host: Host, options: RunOptions = {}): RunResult {
  const warnings = new Set<string>();
  const columns = columnsHere(table);
  const { where = {}, limit = Number.POSITIVE_INFINITY } = options;
  const required = Object.keys(table.columns).filter((name) => table.columns[name].options.required);
  if (required.length > 0 && !required.some((name) => where[name] !== undefined)) {
    return { rows: [], warnings: [`needs a constraint on ${required.join(' or ')}`] };
  }
  if (table.live && host.kernel === undefined) return { rows: [], warnings: ['needs a running kernel'] };
  const query = askedOf(table, host, options, (warning) => warnings.add(warning));
  const rows: Record<string, CellValue>[] = [];
  if (limit > 0) {
    for (const row of table.generate(query)) {
      rows.push(readRow(table, columns, row));
      if (rows.length >= limit) break;
    }
  }
  return { rows, warnings: [...warnings] };
}

function columnsHere(table: AnyTable): [string, Column][] {
  return Object.entries(table.columns as Record<string, Column>).filter(
    ([, { options }]) => options.platforms === undefined || options.platforms.includes('linux'),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: as `AnyTable`
function askedOf(table: AnyTable, host: Host, options: RunOptions, note: (warning: string) => void): Query<any> {
  const { where = {}, uses, agent = fakeAgent() } = options;
  const asked = (column: string): Asked | undefined => {
    const { required, index, additional, ordinal, optimized } = table.columns[column]?.options ?? {};
    if (required || index || additional || ordinal || optimized) return where[column];
    throw new Error(`${table.name}.${column} is not declared required, index, additional, ordinal or optimized`);
  };
  const valuesOf = (column: string): readonly Value[] | undefined => {
    const value = asked(column);
    if (value === undefined) return undefined;
    if (Array.isArray(value)) return [...new Set(value)];
    return typeof value === 'object' && !(value instanceof Uint8Array) ? undefined : [value as Value];
  };
  const warn = (message: string, cause?: unknown) =>
    note(cause === undefined ? message : `${message}: ${cause instanceof Error ? cause.message : cause}`);
  return {
    host,
    agent,
    get kernel() {
      if (host.kernel === undefined) throw new Error(`${table.name} is not declared live`);
      return host.kernel;
    },
    events: options.events,
    get sqlite() {
      return new SqliteFiles(sqliteModule(), host.files, () => {});
    },
    row: (cells) => cells as never,
    values: (column) => valuesOf(column as string) as never,
    patterns: (column) => patternsIn(asked(column as string)),
    bounds: (column) => {
      const value = asked(column as string);
      if (typeof value === 'number') return { min: value, max: value };
      if (typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array) return {};
      const { min, max } = value as { min?: number; max?: number };
      return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
    },
    uses: (...names) => uses === undefined || names.some((name) => uses.includes(name as string)),
    warn,
    attempt(read) {
      try {
        return read();
      } catch (cause) {
        if (isAbsent(cause)) return undefined;
        if (!(cause instanceof HostError || cause instanceof MalformedInput)) throw cause;
        warn('cannot read', cause);
        return undefined;
      }
    },
  };
}

function patternsIn(asked: Asked | undefined): Pattern[] {
  if (typeof asked !== 'object' || Array.isArray(asked) || asked instanceof Uint8Array) return [];
  const out: Pattern[] = [];
  for (const operator of ['like', 'glob', 'regexp', 'match'] as const) {
    const pattern = (asked as Partial<Record<typeof operator, string>>)[operator];
    if (pattern !== undefined) out.push({ operator: operator.toUpperCase() as Pattern['operator'], pattern });
  }
  return out;
}

function readRow(table: AnyTable, columns: readonly [string, Column][], row: object): Record<string, CellValue> {
  for (const name of Object.keys(row)) {
    if (!Object.hasOwn(table.columns, name)) throw new Error(`${table.name} has no column ${name}`);
  }
  const cells = row as Record<string, unknown>;
  return Object.fromEntries(
    columns.map(([name, { type }]) => {
      const value = readCell(type, cells[name]);
      if (value === undefined) throw new TypeError(`${table.name}.${name}: ${typeof cells[name]} in a ${type} column`);
      return [name, value];
    }),
  );
}

/** Undefined where the value is not of the column's type. */
function readCell(type: ColumnType, value: unknown): CellValue | undefined {
  if (value === undefined || value === null) return type === 'TEXT' ? '' : null;
  if (type === 'TEXT') return typeof value === 'string' ? value : undefined;
  if (type === 'BLOB') return value instanceof Uint8Array ? value : undefined;
  if (type === 'DOUBLE') return typeof value === 'number' ? (Number.isFinite(value) ? value : null) : undefined;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'number') return undefined;
  return Number.isFinite(value) ? Math.trunc(value) : null;
}
