/** Where lines of results and of status go. */
export interface Logger {
  /** Who sees its status lines would see those on standard error, too. */
  readonly showsStatus?: boolean;
  /** What a run of a query changed: lines of JSON, made as they are read. False where none of them arrived: they come again. */
  results(lines: Iterable<string>): boolean;
  /** All rows of a query: lines of JSON. False as with `results`. */
  snapshots(lines: Iterable<string>): boolean;
  /**
   * Only of a logger that keeps its lines in the store: keeps those of a run in the transaction of what the run changed, in
   * place of `results` and `snapshots`.
   */
  queue?(lines: readonly string[]): void;
  /** What the agent says of itself. */
  status(lines: readonly StatusLine[]): void;
  /** Waits until everything is where it belongs, and lets go of what is open. */
  close(): Promise<void>;
}

/** In order: `--logger_min_status` is a number of these. */
export const SEVERITIES = ['INFO', 'WARNING', 'ERROR', 'FATAL'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface StatusLine {
  readonly severity: Severity;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Where in the agent it was said: `scheduler.ts`. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}
