/** Milliseconds after which a job is late, and others go on beside it: most take 1 to 50, and nobody sees half a second. */
export const LATE_MS = 500;
/** Jobs at the same time: as many as there may be threads for them. */
const MAX_AT_ONCE = 2;

/** Something to be done, of which only one with the same name is done at a time. */
export interface NamedJob {
  readonly name: string;
}

/**
 * Does one job after the other; beside one that is late it does the others. While two are late the rest waits. What is to be
 * done again while it waits or is done is missed.
 */
export class JobQueue<J extends NamedJob> {
  readonly #work: (job: J) => Promise<void>;
  #waiting: J[] = [];
  /** Names, and whether they are late. */
  readonly #running = new Map<string, boolean>();
  /** Those that were late the last time, and those that were not. */
  readonly #known = new Map<string, 'late' | 'quick'>();
  readonly #missed = new Map<string, number>();
  #settled = Promise.withResolvers<void>();
  #failure: { readonly cause: unknown } | undefined;

  constructor(work: (job: J) => Promise<void>) {
    this.#work = work;
  }

  /** Adds a job that could not be done `missed` times before; how many times in all, or undefined where it is missed again. */
  add(job: J, missed = 0): number | undefined {
    const before = (this.#missed.get(job.name) ?? 0) + missed;
    if (this.#running.has(job.name) || this.#waiting.some(({ name }) => name === job.name)) {
      this.#missed.set(job.name, before + 1);
      return undefined;
    }
    this.#missed.delete(job.name);
    this.#waiting.push(job);
    return before;
  }

  /** Of those that wait only these remain, in their new form. */
  replace(jobs: readonly J[]): void {
    const found = new Map(jobs.map((job) => [job.name, job]));
    this.#waiting = this.#waiting.flatMap(({ name }) => found.get(name) ?? []);
    for (const names of [this.#known, this.#missed]) {
      for (const name of names.keys()) if (!found.has(name)) names.delete(name);
    }
  }

  /** Until all is done that waits, but for what is late. Throws what went wrong with a job. */
  async run(): Promise<void> {
    this.#begin();
    while (this.#failure === undefined && !this.#isSettled) await this.#settled.promise;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.cause;
  }

  get #isSettled(): boolean {
    return [...this.#running.values()].every((late) => late);
  }

  #begin(): void {
    while (this.#running.size < MAX_AT_ONCE && this.#isSettled) {
      const job = this.#next();
      if (job === undefined) return;
      void this.#do(job);
    }
  }

  /** The first; beside one that is late those before all others that were in time the last time. */
  #next(): J | undefined {
    if (this.#running.size === 0) return this.#waiting.shift();
    for (const kind of ['quick', undefined] as const) {
      const found = this.#waiting.findIndex(({ name }) => this.#known.get(name) === kind);
      if (found >= 0) return this.#waiting.splice(found, 1)[0];
    }
    return this.#waiting.shift();
  }

  async #do(job: J): Promise<void> {
    const { name } = job;
    this.#running.set(name, false);
    const timer = setTimeout(() => {
      this.#running.set(name, true);
      this.#begin();
      this.#tell();
    }, LATE_MS);
    try {
      await this.#work(job);
    } catch (cause) {
      this.#failure ??= { cause };
    }
    clearTimeout(timer);
    this.#known.set(name, this.#running.get(name) ? 'late' : 'quick');
    this.#running.delete(name);
    this.#begin();
    this.#tell();
  }

  #tell(): void {
    this.#settled.resolve();
    this.#settled = Promise.withResolvers<void>();
  }
}
