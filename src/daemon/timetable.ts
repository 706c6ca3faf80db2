/** Something that is due again and again. */
export interface Entry<T> {
  readonly what: T;
  /** Seconds; due at every multiple of it since 1970, as in osquery. */
  readonly every: number;
}

export interface Due<T> {
  readonly what: T;
  /** The second it was due, the latest one if there were several. */
  readonly at: number;
  /** How many times it was due before that and nobody asked. */
  readonly missed: number;
}

/** Tells what is due, by the clock of the machine. */
export class Timetable<T> {
  readonly #entries: readonly Entry<T>[];
  readonly #maxDrift: number;
  #asked: number;

  /**
   * What is due from the second after `start` on. Entries due in one second keep their order. Who falls behind by more
   * than `maxDrift` seconds gives up what comes again within as many.
   */
  constructor(entries: readonly Entry<T>[], start: number, maxDrift = Number.POSITIVE_INFINITY) {
    this.#entries = entries;
    this.#asked = start;
    this.#maxDrift = maxDrift;
  }

  /** Up to where it was asked, for a timetable that takes its place. */
  get asked(): number {
    return this.#asked;
  }

  /**
   * What has become due since the last call, each once: after a query that took an hour, a laptop's sleep or a clock that
   * was put forward nothing is done twice. A clock that was put back begins to count from there.
   */
  take(now: number): Due<T>[] {
    const since = this.#asked;
    this.#asked = now;
    const due: Due<T>[] = [];
    for (const { what, every } of this.#entries) {
      const at = now - (now % every);
      if (at <= since) continue;
      const late = now - at > this.#maxDrift;
      const soon = at + every - now <= this.#maxDrift;
      if (!(late && soon)) due.push({ what, at, missed: Math.floor(at / every) - Math.floor(since / every) - 1 });
    }
    return due;
  }

  /** The next second at which something is due; undefined for an empty timetable. */
  next(now: number): number | undefined {
    let next: number | undefined;
    for (const { every } of this.#entries) {
      const at = now - (now % every) + every;
      if (next === undefined || at < next) next = at;
    }
    return next;
  }
}
