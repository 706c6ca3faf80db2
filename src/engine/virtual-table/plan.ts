import { SQLITE_CONSTRAINT, SQLITE_NOMEM, SQLITE_OK } from '../sqlite/constants.ts';
import type { Library } from '../sqlite/library.ts';
import type { Layout } from './layout.ts';

/** How SQLite numbers the operators it offers (`SQLITE_INDEX_CONSTRAINT_*`, `sqlite3.h`); the others stay with SQLite. */
const OPERATORS = {
  2: '=',
  4: '>',
  8: '<=',
  16: '<',
  32: '>=',
  64: 'MATCH',
  65: 'LIKE',
  66: 'GLOB',
  67: 'REGEXP',
} as const;
const EQUALS = 2;
const LESS = 16;
const AT_LEAST = 32;
const LIKE = 65;

/** Collations under which `=` is a pattern. */
const PATTERN_COLLATIONS = new Set(['NOCASE', 'RTRIM'] as const);
type PatternCollation = 'NOCASE' | 'RTRIM';

export type Operator = (typeof OPERATORS)[keyof typeof OPERATORS] | PatternCollation;

export interface PlannedConstraint {
  readonly column: number;
  readonly operator: Operator;
  /** All values of an IN list in this one argument. */
  readonly list: boolean;
}

/** What one use of a table in one statement will ask of it. */
export interface Plan {
  readonly constraints: readonly PlannedConstraint[];
  /** Bit i: column i is read; bit 63 stands for every column from 63 on. */
  readonly used: bigint;
  readonly missingRequired: boolean;
  /** The constraints in words, for `explain query plan` and `.explain`. */
  readonly text: string;
}

/** `sqlite3_index_info` in wasm32, `sqlite3.h`. */
const INFO = {
  count: 0,
  constraints: 4,
  usage: 16,
  number: 20,
  string: 24,
  freeString: 28,
  cost: 40,
  rows: 48,
  used: 64,
};
const CONSTRAINT_SIZE = 12;
const USAGE_SIZE = 8;

/**
 * Costs are in made-up units, only their order counts. A scan is the most expensive possible plan; a table whose
 * required column is missing is never chosen while another order of the join gives it one; a key makes it cheap.
 */
const COST = { missing: 1e15, scan: 1e6, userScan: 1e9, pattern: 1e4, key: 10 };
const ROWS = { scan: 1000, pattern: 100, key: 5 };

/**
 * xBestIndex: which constraints the table takes, and what that costs. SQLite checks every row again (`omit` stays 0),
 * so a constraint that is taken only ever narrows.
 */
export function bestIndex(library: Library, layout: Layout, info: number): number {
  const { heap, api } = library;
  const count = heap.i32[(info + INFO.count) >> 2]!;
  const constraints = heap.u32[(info + INFO.constraints) >> 2]!;
  const usage = heap.u32[(info + INFO.usage) >> 2]!;
  const taken: PlannedConstraint[] = [];
  let keys = 0;
  let pattern = false;
  let narrowed = false;
  let hasRequired = layout.required.length === 0;
  let requiredElsewhere = false;
  const escaped = escapedLikes(library, layout, info);
  for (let i = 0; i < count; i++) {
    const at = constraints + CONSTRAINT_SIZE * i;
    const number = heap.i32[at >> 2]!;
    const code = heap.u8[at + 4]!;
    const usable = heap.u8[at + 5] !== 0;
    const operator = OPERATORS[code as keyof typeof OPERATORS];
    const column = layout.columns[number];
    if (operator === undefined || column === undefined || !column.pushable) continue;
    if (!usable) {
      requiredElsewhere ||= column.required && code === EQUALS;
      continue;
    }
    const isText = column.type === 'TEXT';
    const isRange = operator === '>' || operator === '<' || operator === '<=' || operator === '>=';
    const collation =
      isText && (code === EQUALS || isRange) ? heap.cString(api.sqlite3_vtab_collation(info, i)) : 'BINARY';
    if (isText && isRange && !column.ordinal) {
      if (collation !== 'NOCASE' || (code !== LESS && code !== AT_LEAST) || !escaped.has(number)) continue;
    } else if (collation !== 'BINARY') {
      // A comparison under NOCASE or a version collation has more answers than the one value it names.
      hasRequired ||= column.required;
      if (code !== EQUALS || !column.required || !isPatternCollation(collation)) continue;
      taken.push({ column: number, operator: collation, list: false });
      heap.i32[(usage + USAGE_SIZE * i) >> 2] = taken.length;
      pattern = true;
      continue;
    }
    const list = code === EQUALS && column.optimized && api.sqlite3_vtab_in(info, i, -1) !== 0;
    if (list) api.sqlite3_vtab_in(info, i, 1);
    taken.push({ column: number, operator, list });
    heap.i32[(usage + USAGE_SIZE * i) >> 2] = taken.length;
    hasRequired ||= column.required;
    if (code === EQUALS && (column.index || column.required)) keys++;
    else if (column.required || column.index) pattern = true;
    else narrowed = true;
  }
  // Another join order can give the column its value; refusing this one makes SQLite look for it.
  if (!hasRequired && requiredElsewhere) return SQLITE_CONSTRAINT;
  const user = layout.table.userData === true;
  // Of two keys both must be worth it, or SQLite leaves one out.
  let cost = keys > 0 ? COST.key / keys : pattern ? COST.pattern : user && !narrowed ? COST.userScan : COST.scan;
  if (narrowed) cost /= user ? 1000 : 2;
  if (!hasRequired) cost = COST.missing;
  const rows = keys > 0 ? ROWS.key / keys : pattern ? ROWS.pattern : narrowed ? ROWS.scan / 2 : ROWS.scan;
  const used = BigInt.asUintN(64, heap.i64[(info + INFO.used) >> 3]!);
  const text = format({ constraints: taken, used, missingRequired: !hasRequired }, layout);
  const string = heap.string(text, (n) => api.sqlite3_malloc(n));
  if (string === 0) return SQLITE_NOMEM;
  heap.i32[(info + INFO.number) >> 2] = 0;
  heap.u32[(info + INFO.string) >> 2] = string;
  heap.i32[(info + INFO.freeString) >> 2] = 1;
  heap.f64[(info + INFO.cost) >> 3] = cost;
  heap.i64[(info + INFO.rows) >> 3] = BigInt(Math.ceil(rows));
  return SQLITE_OK;
}

function isPatternCollation(collation: string): collation is PatternCollation {
  return PATTERN_COLLATIONS.has(collation as PatternCollation);
}

/**
 * Required columns on which a `LIKE … ESCAPE` stands. SQLite does not offer it, but of each LIKE whose pattern is a constant it
 * offers the bounds between which all texts lie that begin as the pattern does: more bounds than LIKEs mean that there is one.
 */
function escapedLikes({ heap, api }: Library, { columns }: Layout, info: number): Set<number> {
  const excess = new Map<number, number>();
  const constraints = heap.u32[(info + INFO.constraints) >> 2]!;
  for (let i = 0; i < heap.i32[(info + INFO.count) >> 2]!; i++) {
    const at = constraints + CONSTRAINT_SIZE * i;
    const number = heap.i32[at >> 2]!;
    const code = heap.u8[at + 4]!;
    const { required, type } = columns[number] ?? {};
    if (!required || type !== 'TEXT' || heap.u8[at + 5] === 0) continue;
    if (code === LIKE) excess.set(number, (excess.get(number) ?? 0) - 1);
    else if (code === AT_LEAST && heap.cString(api.sqlite3_vtab_collation(info, i)) === 'NOCASE')
      excess.set(number, (excess.get(number) ?? 0) + 1);
  }
  return new Set([...excess].filter(([, count]) => count > 0).map(([number]) => number));
}

/**
 * The plan travels from xBestIndex to xFilter as text that SQLite owns (idxStr), so that none outlives its statement.
 * It is also what `explain query plan` shows: `pid IN ?, path LIKE ? columns=5`, the columns in use as a hexadecimal mask.
 */
function format(plan: Omit<Plan, 'text'>, { columns }: Layout): string {
  const words = plan.constraints.map(
    ({ column, operator, list }) => `${columns[column]!.sqlName} ${list ? 'IN' : operator} ?`,
  );
  return `${words.join(', ')}${plan.missingRequired ? '!' : ''} columns=${plan.used.toString(16)}`;
}

/** Reads a plan back. */
export function parsePlan(text: string, { columns }: Layout): Plan {
  const at = text.lastIndexOf(' columns=');
  const head = text.slice(0, at);
  const missingRequired = head.endsWith('!');
  const words = (missingRequired ? head.slice(0, -1) : head).split(', ').filter((word) => word !== '');
  return {
    constraints: words.map((word) => {
      const [name, operator] = word.split(' ');
      return {
        column: columns.findIndex(({ sqlName }) => sqlName === name),
        operator: operator === 'IN' ? '=' : (operator as Operator),
        list: operator === 'IN',
      };
    }),
    used: BigInt(`0x${text.slice(at + ' columns='.length)}`),
    missingRequired,
    text: words.join(', '),
  };
}
