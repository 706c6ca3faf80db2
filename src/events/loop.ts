import type { Collector } from './collector.ts';
import type { Publisher } from './publisher.ts';

export interface LoopParts {
  readonly publishers: readonly Publisher[];
  readonly collector: Collector;
  /** Waits until one of these can be read, at most so many milliseconds. */
  wait(descriptors: readonly number[], milliseconds: number): void;
  /** Sleeps so many milliseconds, or until it is told to end. */
  nap(milliseconds: number): void;
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

/** Hears, keeps, and waits again, until it is told to end. */
export function runLoop({ publishers, collector, wait, nap, stopped, now, keepHouse }: LoopParts): void {
  let kept = now();
  let more = false;
  while (!stopped()) {
    if (!more) {
      wait(
        publishers.flatMap(({ fds }) => fds),
        WAIT_MS,
      );
      nap(GATHER_MS);
    }
    more = false;
    for (const publisher of publishers) more = publisher.read() || more;
    for (const publisher of publishers) publisher.tick();
    collector.flush();
    if (now() - kept < HOUSE_MS) continue;
    kept = now();
    keepHouse();
  }
  // What came since: a pipe of nobody else forgets it.
  for (const publisher of publishers) publisher.read();
  collector.flush();
}
