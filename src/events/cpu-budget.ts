/** How fast processor time may be taken. */
export interface Share {
  /** Of one processor, what may be taken for ever. */
  readonly share: number;
  /** Milliseconds that may be taken at once by who has taken nothing for long. */
  readonly burstMs: number;
  /** Milliseconds by which it may be overdrawn; more are forgotten. Default: all are made up for. */
  readonly debtMs?: number;
}

/** Milliseconds of processor that were taken so far, or of a clock that never goes back. */
type Milliseconds = () => number;

/** Processor time as a bucket of tokens: it fills with time, and empties with work. */
export class CpuBudget {
  readonly #share: Share;
  readonly #spentSoFar: Milliseconds;
  readonly #now: Milliseconds;
  #left: number;
  #spent: number;
  #at: number;

  constructor(share: Share, spent: Milliseconds, now: Milliseconds) {
    this.#share = share;
    this.#spentSoFar = spent;
    this.#now = now;
    this.#left = share.burstMs;
    this.#spent = spent();
    this.#at = now();
  }

  /** Milliseconds to rest before any more is done; 0 while there is time left. */
  owed(): number {
    const { share, burstMs, debtMs = Number.POSITIVE_INFINITY } = this.#share;
    const [total, at] = [this.#spentSoFar(), this.#now()];
    const left = Math.min(burstMs, this.#left + (at - this.#at) * share) - (total - this.#spent);
    this.#left = Math.max(-debtMs, left);
    this.#spent = total;
    this.#at = at;
    return Math.max(0, -this.#left / share);
  }
}

/** What the thread that hears events may take. */
export interface HearingShares {
  /** At most. */
  readonly most: Share;
  /** With all other threads. */
  readonly all: Share;
  /** Whatever the others take. */
  readonly least: Share;
}

/**
 * Where sources are louder than what they may cost, or queries need the time, their listener rests, and the kernel drops and
 * counts what finds no room; the watchdog would end the agent, and lose what everybody else heard too.
 */
export class HearingBudget {
  readonly #most: CpuBudget;
  readonly #all: CpuBudget;
  readonly #least: CpuBudget;

  constructor(shares: HearingShares, spent: Milliseconds, spentByAll: Milliseconds, now: Milliseconds) {
    this.#most = new CpuBudget(shares.most, spent, now);
    this.#all = new CpuBudget(shares.all, spentByAll, now);
    this.#least = new CpuBudget(shares.least, spent, now);
  }

  /** Milliseconds to rest before any more is done, and whether for what the others took. */
  owed(): { readonly rest: number; readonly forOthers: boolean } {
    const most = this.#most.owed();
    const others = Math.min(this.#all.owed(), this.#least.owed());
    return { rest: Math.max(most, others), forOthers: others > most };
  }
}
