import { HostError, isAbsent, MalformedInput } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import type { Host, Kernel } from '../../host/host.ts';
import type { Agent } from '../../schema/agent.ts';
import type { Columns, ColumnType } from '../../schema/columns.ts';
import type { EventSource } from '../../schema/event-source.ts';
import type { SqliteReader } from '../../schema/sqlite-files.ts';
import type { Pattern, Query, Row } from '../../schema/table.ts';
import type { SqlValue } from '../functions/function.ts';
import type { Layout } from './layout.ts';
import type { Operator, Plan } from './plan.ts';

/** A constraint with what the statement compares against. */
export interface Constraint {
  readonly column: string;
  readonly type: ColumnType;
  readonly operator: Operator;
  readonly values: readonly SqlValue[];
}

export interface TableQueryContext {
  readonly host: Host;
  readonly agent: Agent;
  readonly sqlite: SqliteReader;
  readonly events: EventSource | undefined;
  warn(table: string, message: string, cause?: unknown): void;
}

/** Whether a constraint compares with NULL, which nothing fits. */
export function comparesNull(constraints: readonly Constraint[]): boolean {
  return constraints.some(({ values }) => values.length === 1 && values[0] === null);
}

/** What one scan of a table is asked: the constraints with their values, the columns in use. */
export function tableQuery(
  context: TableQueryContext,
  layout: Layout,
  plan: Plan,
  constraints: readonly Constraint[],
): Query<Columns> {
  const { host, agent } = context;
  const warn = (message: string, cause?: unknown) => context.warn(layout.table.name, message, cause);
  return {
    host,
    agent,
    events: context.events,
    // Made when a table asks for it.
    get sqlite(): SqliteReader {
      return context.sqlite;
    },
    get kernel(): Kernel {
      if (host.kernel === undefined) throw new Error(`${layout.table.name} is not declared live`);
      return host.kernel;
    },
    // The type says the rest: at run time a row is its cells.
    row: (cells) => cells as unknown as Row<Columns>,
    values: (column) => equalValues(constraints, column as string) as never,
    patterns: (column) => patternsOf(constraints, column as string),
    bounds: (column) => boundsOf(constraints, column as string),
    uses: (...columns) => columns.some((column) => isUsed(layout, plan, column as string)),
    warn,
    attempt(read) {
      try {
        return read();
      } catch (cause) {
        if (isAbsent(cause)) return undefined;
        if (cause instanceof HostError) warn(`cannot read (${cause.code})`, cause);
        else if (cause instanceof MalformedInput) warn('malformed input', cause);
        else throw cause;
        return undefined;
      }
    },
  };
}

export function isUsed({ columns }: Layout, plan: Plan, name: string): boolean {
  for (let i = 0; i < columns.length; i++) {
    if (columns[i]!.source === name && (plan.used >> BigInt(Math.min(i, 63))) & 1n) return true;
  }
  return false;
}

/** The first set of values that the query says the column is among. Which of several is no matter: each only narrows. */
function equalValues(
  constraints: readonly Constraint[],
  column: string,
): readonly (string | number | Uint8Array)[] | undefined {
  for (const constraint of constraints) {
    if (constraint.operator !== '=' || constraint.column !== column) continue;
    const values = convertAll(constraint.values, constraint.type);
    if (values !== undefined) return values;
  }
  return undefined;
}

/** The values with the column's affinity applied (https://sqlite.org/datatype3.html#affinity), without duplicates. */
function convertAll(
  values: readonly SqlValue[],
  type: ColumnType,
): readonly (string | number | Uint8Array)[] | undefined {
  const out = new Set<string | number | Uint8Array>();
  for (const value of values) {
    const converted = convert(value, type);
    if (converted === TOO_LARGE) return undefined;
    if (converted !== undefined) out.add(converted);
  }
  return [...out];
}

const TOO_LARGE = Symbol('an integer that a number does not hold');

/** Undefined for a value that no cell of the column can be equal to. */
function convert(value: SqlValue, type: ColumnType): string | number | Uint8Array | undefined | typeof TOO_LARGE {
  if (value === null) return undefined;
  if (type === 'TEXT')
    return typeof value === 'string' ? value : value instanceof Uint8Array ? undefined : String(value);
  if (type === 'BLOB') return value instanceof Uint8Array ? value : undefined;
  if (value instanceof Uint8Array) return undefined;
  if (typeof value === 'bigint') return TOO_LARGE;
  const number = typeof value === 'string' ? numeric(value) : value;
  if (number === undefined || type === 'DOUBLE') return number;
  if (!Number.isInteger(number)) return undefined;
  return Number.isSafeInteger(number) ? number : TOO_LARGE;
}

/** The number a text stands for under numeric affinity: all of it, or none. */
function numeric(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

function patternsOf(constraints: readonly Constraint[], column: string): readonly Pattern[] {
  const out: Pattern[] = [];
  const own = constraints.filter(({ column: name }) => name === column);
  for (const { operator, values } of own) {
    if (operator === '=' || operator === '<' || operator === '<=' || operator === '>' || operator === '>=') continue;
    out.push({ operator, pattern: textOf(values[0] ?? null) });
  }
  const known = out.filter(({ operator }) => operator === 'LIKE').map(({ pattern }) => beginningOf(pattern));
  for (const prefix of prefixesOf(own)) {
    const at = known.indexOf(prefix);
    // The bounds of a LIKE that is here itself.
    if (at >= 0) known.splice(at, 1);
    else out.push({ operator: 'PREFIX', pattern: prefix });
  }
  return out;
}

/** What SQLite takes a value for where it wants a text. */
function textOf(value: SqlValue): string {
  return value instanceof Uint8Array ? decodeText(Buffer.from(value)) : String(value ?? '');
}

/** A LIKE pattern up to its first wildcard, as the lower bound of it is written. */
function beginningOf(pattern: string): string {
  return upper(/^[^%_]*/.exec(pattern)![0]);
}

/**
 * The beginnings, in capitals, between whose bounds a LIKE's texts lie: `>= '/T/A' collate nocase` and `< '/t/b'`. What is in
 * other bounds is only more.
 */
function prefixesOf(constraints: readonly Constraint[]): string[] {
  const bounds = (wanted: Operator) =>
    constraints.flatMap(({ operator, type, values: [value] }) =>
      operator === wanted && type === 'TEXT' && typeof value === 'string' ? [value] : [],
    );
  const ends = bounds('<');
  return bounds('>=').filter((text) => {
    const characters = [...lower(text)];
    const last = characters.pop();
    return last !== undefined && ends.includes(characters.join('') + String.fromCodePoint(last.codePointAt(0)! + 1));
  });
}

/** ASCII only, as SQLite has it. */
function upper(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function boundsOf(constraints: readonly Constraint[], column: string): { min?: number; max?: number } {
  let min = Number.NEGATIVE_INFINITY;
  let max = Number.POSITIVE_INFINITY;
  for (const { column: name, operator, type, values } of constraints) {
    if (name !== column) continue;
    const value = type === 'TEXT' ? ordinal(values[0] ?? null) : convertBound(values[0] ?? null);
    if (value === undefined) continue;
    // Between integers there is nothing: an exclusive bound is the next one.
    const step = type === 'DOUBLE' || !Number.isSafeInteger(value) ? 0 : 1;
    if (operator === '>' || operator === '>=') min = Math.max(min, operator === '>' ? value + step : value);
    else if (operator === '<' || operator === '<=') max = Math.min(max, operator === '<' ? value - step : value);
    else if (operator === '=' && values.length === 1) {
      min = Math.max(min, value);
      max = Math.min(max, value);
    }
  }
  return { ...(min > Number.NEGATIVE_INFINITY && { min }), ...(max < Number.POSITIVE_INFINITY && { max }) };
}

/** Other texts than those of ten digits stand between the numbers somewhere. */
function ordinal(value: SqlValue): number | undefined {
  return typeof value === 'string' && ORDINAL.test(value) ? Number(value) : undefined;
}

const ORDINAL = /^\d{10}$/;

/** A text that is no number compares above all numbers, a NULL with nothing: neither is a bound a table can use. */
function convertBound(value: SqlValue): number | undefined {
  if (typeof value === 'string') return numeric(value);
  return typeof value === 'number' && !Number.isNaN(value) ? value : undefined;
}
