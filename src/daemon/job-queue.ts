import { monotonicNow } from '../base/clock.ts';

/** Milliseconds after which a job is late, and others go on beside it: most take 1 to 50, and nobody sees half a second. */
export const LATE_MS = 500;
/** After this a job makes room that runs beside a late one and keeps others waiting: who was late once runs after the late ones. */
export const ROOM_MS = 1000;
/** So long a job counts as one that takes long: each new try may cost the others as long as `ROOM_MS`. */
const FORGET_MS = 600_000;
/** Jobs at the same time: as many as there may be threads for them. */
const MAX_AT_ONCE = 2;

/** Something to be done, of which only one with the same name is done at a time. */
export interface NamedJob {
  readonly name: string;
}

interface Running<J> {
  readonly job: J;
  timer: NodeJS.Timeout | undefined;
  late: boolean;
  /** Whether it began beside one that was late. */
  beside: boolean;
  /** It has been done for so long that it makes room where somebody waits. */
  overstays: boolean;
}

/** What does a job: `again` where it made room and is to be done once more. */
export type Work<J> = (job: J) => Promise<'done' | 'again'>;

/**
 * Does one job after the other; beside one that is late it does the others, but for those that were late the last time. So of
 * those that take long one is done at a time, and the others never wait for more than one of them to make room. What is to be done
 * again while it waits or is done is missed.
 */
export class JobQueue<J extends NamedJob> {
  readonly #work: Work<J>;
  readonly #makeRoom: (job: J) => void;
  /** By name; undefined until there was a list. */
  #jobs: ReadonlyMap<string, J> | undefined;
  #waiting: J[] = [];
  readonly #running = new Map<string, Running<J>>();
  /** Those that were late the last time, and those that were not. */
  readonly #known = new Map<string, 'late' | 'quick'>();
  /** When those were that were late. */
  readonly #lateAt = new Map<string, number>();
  #closed = false;
  readonly #missed = new Map<string, number>();
  #settled = Promise.withResolvers<void>();
  #failure: { readonly cause: unknown } | undefined;

  /** `makeRoom` has a job end soon that is done now. */
  constructor(work: Work<J>, makeRoom: (job: J) => void) {
    this.#work = work;
    this.#makeRoom = makeRoom;
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
    this.#jobs = found;
    this.#waiting = this.#waiting.flatMap(({ name }) => found.get(name) ?? []);
    for (const names of [this.#known, this.#missed, this.#lateAt]) {
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
    return [...this.#running.values()].every(({ late }) => late);
  }

  #begin(): void {
    while (!this.#closed && this.#running.size < MAX_AT_ONCE && this.#isSettled) {
      const job = this.#next();
      if (job === undefined) return;
      void this.#do(job);
    }
    this.#askForRoom();
  }

  /** The first; beside one that is late those before all others that were in time the last time, and none that was late. */
  #next(): J | undefined {
    if (this.#running.size === 0) return this.#waiting.shift();
    for (const kind of ['quick', undefined] as const) {
      const found = this.#waiting.findIndex((job) => this.#kindOf(job) === kind);
      if (found >= 0) return this.#waiting.splice(found, 1)[0];
    }
    return undefined;
  }

  async #do(job: J): Promise<void> {
    const { name } = job;
    const running: Running<J> = {
      job,
      timer: undefined,
      late: false,
      beside: this.#running.size > 0,
      overstays: false,
    };
    this.#running.set(name, running);
    running.timer = setTimeout(() => {
      running.late = true;
      this.#overstaysAfter(running, ROOM_MS - LATE_MS);
      this.#begin();
      this.#tell();
    }, LATE_MS);
    let again = false;
    try {
      again = (await this.#work(job)) === 'again';
    } catch (cause) {
      this.#failure ??= { cause };
    }
    clearTimeout(running.timer);
    this.#known.set(name, running.overstays ? 'late' : 'quick');
    if (running.overstays) this.#lateAt.set(name, monotonicNow());
    else this.#lateAt.delete(name);
    this.#running.delete(name);
    for (const left of this.#running.values()) left.beside = false;
    const next = this.#jobs === undefined ? job : this.#jobs.get(name);
    if (again && next !== undefined) this.#waiting.unshift(next);
    this.#begin();
    this.#tell();
  }

  /** The job really begins: what it waited for is no fault of its own. */
  begins(name: string): void {
    const running = this.#running.get(name);
    if (running?.late) this.#overstaysAfter(running, ROOM_MS);
  }

  /** Begins nothing more. */
  close(): void {
    this.#closed = true;
  }

  #overstaysAfter(running: Running<J>, milliseconds: number): void {
    clearTimeout(running.timer);
    running.overstays = false;
    running.timer = setTimeout(() => {
      running.overstays = true;
      this.#askForRoom();
    }, milliseconds);
  }

  /** How long it took the last time; of one that was late nobody knows after a while. */
  #kindOf({ name }: J): 'late' | 'quick' | undefined {
    const at = this.#lateAt.get(name);
    if (at !== undefined && monotonicNow() - at > FORGET_MS) return undefined;
    return this.#known.get(name);
  }

  /** Where one waits that is not known to take long. */
  #askForRoom(): void {
    if (this.#running.size < MAX_AT_ONCE) return;
    if (this.#waiting.every((job) => this.#kindOf(job) === 'late')) return;
    for (const { job, beside, overstays } of this.#running.values()) if (beside && overstays) this.#makeRoom(job);
  }

  #tell(): void {
    this.#settled.resolve();
    this.#settled = Promise.withResolvers<void>();
  }
}
