/** What happened to a file, as a source tells it. */
export interface FileChange {
  readonly path: string;
  /** Bits of `FILE_EVENTS`, one or some that were merged. */
  readonly mask: number;
  /** The same for both halves of a move; else 0. */
  readonly cookie: number;
  /** Who did it, where the source knows. */
  readonly pid?: number;
}

/** The kernel, telling of files. */
export interface FileSource {
  readonly fd: number;
  /** Whether it hears of new directories, too, before anybody has looked for them. */
  readonly isWhole: boolean;
  /** Takes what is there, up to a bound; whether there may be more. `overflow`: some was lost. */
  read(heard: (change: FileChange) => void, overflow: () => void): boolean;
  /** Looks anew for what is to be watched, now and then. */
  tick(now: number): void;
  /** Texts that could not be read. */
  readonly malformed: number;
  stop(): void;
}
