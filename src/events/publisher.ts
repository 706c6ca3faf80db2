/** What a publisher has heard since it was started. */
export interface PublisherCounts {
  /** What came of the source: records, samples, messages, lines. */
  readonly received: number;
  /** What was made of it. */
  readonly events: number;
  /** By cause: records or events that were lost before they became one. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** Listens to one source of the kernel. */
export interface Publisher {
  /** osquery's name of it. */
  readonly name: string;
  /** What `poll(2)` waits for; asked for before each wait. */
  readonly fds: readonly number[];
  /** Milliseconds that what has come may wait for more: how long the kernel has room for it. */
  readonly patience?: number;
  /** Takes what is there, up to a bound; whether there may be more. Never waits. */
  read(): boolean;
  /** Gives up what has waited too long; called in each turn, after `read` where there was something to be read. */
  tick(): void;
  readonly counts: PublisherCounts;
  /** Leaves the kernel as it was found. */
  stop(): void;
}
