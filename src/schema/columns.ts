/** What a column is: its type, what it means, and what the engine may do with it. */

export type Platform = 'linux' | 'darwin' | 'windows';

export type ColumnType = 'TEXT' | 'INTEGER' | 'BIGINT' | 'UNSIGNED_BIGINT' | 'DOUBLE' | 'BLOB';

export interface ColumnOptions {
  /** The query must constrain at least one of the required columns. */
  readonly required?: true;
  /** A constraint on it makes the table cheap: drives the join order. */
  readonly index?: true;
  /** A constraint on it changes what the table does, without making it cheap. */
  readonly additional?: true;
  /**
   * A number that the rows are in the order of; in a TEXT column it has ten digits, so that texts compare as the numbers do.
   * Comparisons reach the table.
   */
  readonly ordinal?: true;
  /** All values of an IN list come in one call of `generate`, not one call a value. */
  readonly optimized?: true;
  /** Left out of `select *`. */
  readonly hidden?: true;
  readonly collate?: 'nocase' | 'version' | 'version_arch' | 'version_dpkg' | 'version_rhel';
  /** Other names the column answers to; hidden. */
  readonly aliases?: readonly string[];
  /** Filled only there; elsewhere hidden and absent. Default: everywhere the table is. */
  readonly platforms?: readonly Platform[];
  /** Why no test machine fills this column. */
  readonly untested?: string;
}

export interface Column<T extends ColumnType = ColumnType, O extends ColumnOptions = ColumnOptions> {
  readonly type: T;
  readonly description: string;
  readonly options: O;
}

export type Columns = Readonly<Record<string, Column>>;

// biome-ignore lint/complexity/noBannedTypes: `{}` is the type of "no options", which `ColumnOptions` would widen
type None = {};

function builder<T extends ColumnType>(type: T) {
  return <const O extends ColumnOptions = None>(description: string, options?: O): Column<T, O> => ({
    type,
    description,
    options: options ?? ({} as O),
  });
}

export const text = builder('TEXT');
export const integer = builder('INTEGER');
export const bigint = builder('BIGINT');
export const unsignedBigint = builder('UNSIGNED_BIGINT');
export const double = builder('DOUBLE');
export const blob = builder('BLOB');
