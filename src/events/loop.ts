import type { Collector } from './collector.ts';
import type { Publisher } from './publisher.ts';

export interface LoopParts {
  readonly publishers: readonly Publisher[];
  readonly collector: Collector;
  /** Waits until one of these can be read, at most so many milliseconds; which of them can. */
  wait(descriptors: readonly number[], milliseconds: number): ReadonlySet<number>;
  /** Sleeps so many milliseconds, or until it is told to end. */
  nap(milliseconds: number): void;
  /** Milliseconds to rest for what the last turn cost. */
  owed(): number;
  /** Whether to end. */
  stopped(): boolean;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Once in a while: retention, counts. */
  keepHouse(): void;
}

/** How long the end may be late, at most. */
const WAIT_MS = 250;
/**
 * Once something has come, more is let come before it is looked at. To wake up, and to commit, for each record of a program
 * that is started each millisecond costs ten times what its records cost. The kernel keeps some thousand meanwhile.
 */
const GATHER_MS = 25;
const HOUSE_MS = 2000;
/** A rest at most: how late retention and counts may be. */
const MAX_REST_MS = 1000;

/** Hears, keeps, and waits again, until it is told to end. */
export function runLoop({ publishers, collector, wait, nap, owed, stopped, now, keepHouse }: LoopParts): void {
  let kept = now();
  /** Those that may have more than they gave; at first all. */
  let busy = publishers;
  while (!stopped()) {
    const fds = publishers.flatMap((publisher) => publisher.fds);
    const readable = wait(fds, busy.length > 0 ? 0 : WAIT_MS);
    const ready = publishers.filter((one) => busy.includes(one) || one.fds.some((fd) => readable.has(fd)));
    if (busy.length === 0 && ready.length > 0) nap(Math.min(...ready.map(({ patience = GATHER_MS }) => patience)));
    busy = ready.filter((publisher) => publisher.read());
    for (const publisher of publishers) publisher.tick();
    collector.flush();
    const rest = owed();
    if (rest > 0) nap(Math.min(rest, MAX_REST_MS));
    if (now() - kept < HOUSE_MS) continue;
    kept = now();
    keepHouse();
  }
  // What came since: a pipe of nobody else forgets it.
  for (const publisher of publishers) publisher.read();
  collector.flush();
}
