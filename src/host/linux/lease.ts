/**
 * Whoever has a lease on a file, `fcntl(2)`, makes others wait that open it, or get EAGAIN: its owner may, to hide it. The first
 * try has the kernel ask for the lease back. Who gives it back and takes it again at once leaves a gap that one of two hundred
 * tries hits, so these take some 10 milliseconds.
 */
const TRIES_AT_ONCE = 1000;
/** Then with a pause each, milliseconds: longer than the programs that keep leases, file servers, take. */
const PAUSE_MS = 1;
const TRIES_WITH_PAUSE = 50;
/** Milliseconds spent so in ten seconds: a thousand such files must not hold up a query. */
const BUDGET_MS = 1000;
const BUDGET_OF_MS = 10_000;

export interface LeaseClock {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  pause(milliseconds: number): void;
}

const never = new Int32Array(new SharedArrayBuffer(4));
const CLOCK: LeaseClock = {
  now: () => performance.now(),
  pause: (milliseconds) => void Atomics.wait(never, 0, 0, milliseconds),
};

/** What was waited for leases, since when. */
const waited = { since: Number.NEGATIVE_INFINITY, ms: 0 };

/** Tries `open` again where it throws EAGAIN, for a while. */
export function openLeased(open: () => number, clock = CLOCK): number {
  for (let tries = 1; ; tries++) {
    try {
      return open();
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') throw cause;
      if (tries >= TRIES_AT_ONCE + TRIES_WITH_PAUSE || (tries >= TRIES_AT_ONCE && !wait(clock))) throw cause;
    }
  }
}

/** False where the budget is used up. */
function wait({ now, pause }: LeaseClock): boolean {
  const begun = now();
  if (begun - waited.since > BUDGET_OF_MS) {
    waited.since = begun;
    waited.ms = 0;
  }
  if (waited.ms >= BUDGET_MS) return false;
  pause(PAUSE_MS);
  waited.ms += now() - begun;
  return true;
}
