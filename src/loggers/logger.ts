/** Where lines of results and of status go. */
export interface Logger {
  /** Who sees its status lines would see those on standard error, too. */
  readonly showsStatus?: boolean;
  /** What a query changed: a line of JSON. */
  result(line: string): void;
  /** All rows of a query: a line of JSON. */
  snapshot(line: string): void;
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
