/** Read at each use: the configuration may change them. All in seconds. */
export interface BackoffOptions {
  /** Before the second try, at most. */
  readonly base: number;
  /** Between two tries, at most. */
  readonly most: number;
  /** What a server may ask for with `Retry-After`, at most; beyond it the answer is taken for a mistake. */
  readonly mostAsked: number;
}

/** Doublings after which any base is beyond any limit; more would only lose precision. */
const MOST_DOUBLINGS = 32;

/**
 * How long to wait after a failure: twice as long each time, up to a limit, and half of that drawn by lot. Without the lot
 * a fleet that failed in the same second would come back in the same second for ever. One for each endpoint: a server
 * that takes no logs may well have queries.
 */
export class Backoff {
  readonly #options: () => BackoffOptions;
  readonly #random: () => number;
  #failures = 0;

  /** `random` gives 0 to 1. */
  constructor(options: () => BackoffOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Seconds to wait now; `asked` is what the server wants. It is never asked earlier than that. */
  failed(asked?: number): number {
    const { base, most, mostAsked } = this.#options();
    const doublings = Math.min(this.#failures, MOST_DOUBLINGS);
    this.#failures += 1;
    const ceiling = Math.max(base, Math.min(most, base * 2 ** doublings));
    const wait = (ceiling * (1 + this.#random())) / 2;
    // Many were told the same number in the same second.
    return asked === undefined ? wait : Math.max(wait, Math.min(asked, mostAsked) + this.#random() * ceiling);
  }

  succeeded(): void {
    this.#failures = 0;
  }
}

/**
 * When the first poll of a kind comes, in seconds from now: at any time of its interval. So a fleet that is switched on at
 * once, or whose server is back, comes as evenly as it would come on any other day.
 */
export function spread(interval: number, random: () => number): number {
  return interval * random();
}
