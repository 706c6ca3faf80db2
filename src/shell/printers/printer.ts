/** A cell as text; null is SQL's NULL. */
export type Cell = string | null;

/** Where printed text goes. Text that is not UTF-8 (see `base/text`) is written as the bytes it was. */
export interface Output {
  write(text: string): void;
  /** How a cell of a table for people is shown, where that is not as it is: on a terminal. */
  readonly cell?: ((text: string) => string) | undefined;
}

export interface PrintSettings {
  readonly header: boolean;
  readonly separator: string;
  readonly nullValue: string;
  /** Requested widths of column mode; 0 and absent are chosen, a negative one aligns right. */
  readonly widths: readonly number[];
}

/**
 * Prints what one run of SQL returns, which may be several statements: `begin`, then for each statement with rows
 * `columns` and its `row`s, then `end`, also after an error; not where nobody wants the rest.
 */
export interface Printer {
  begin(): void;
  columns(names: readonly string[]): void;
  row(cells: readonly Cell[]): void;
  end(): void;
}
