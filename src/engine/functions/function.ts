/** A value of SQL. An INTEGER is a number while JavaScript holds it exactly, a bigint beyond 2^53. */
export type SqlValue = null | number | bigint | string | Uint8Array;

interface Named {
  readonly name: string;
  /** How many arguments it takes; `{ min, max }` registers each count, so a wrong one is SQLite's own error. */
  readonly arity: number | { readonly min: number; readonly max?: number };
  /**
   * `text`: every argument arrives as SQLite renders it in text (a blob's bytes as text), NULL as null. `value`: as it is.
   */
  readonly accepts: 'text' | 'value';
  /** `real`: a number result is a REAL even where it has no fraction (`power(2,3)` is `8.0`). Default: INTEGER if it is one. */
  readonly returns?: 'real';
  /** What the result is, in one line. */
  readonly description: string;
  /** A call to learn from, as it stands in SQL; the documentation shows it with its result. */
  readonly example?: string;
}

/** A scalar function. It throws an `Error` to fail the query with that message. */
export interface SqlFunction extends Named {
  /** Default true: the same arguments give the same result. */
  readonly deterministic?: boolean;
  call(...args: SqlValue[]): SqlValue | boolean;
}

export interface SqlAggregate<State = unknown> extends Named {
  start(): State;
  /** Changes `state` in place. */
  step(state: State, ...args: SqlValue[]): void;
  result(state: State): SqlValue;
}

export interface SqlCollation {
  readonly name: string;
  /** Negative, zero or positive, as `Array.prototype.sort` wants it. Must be a total order. */
  compare(a: string, b: string): number;
}
