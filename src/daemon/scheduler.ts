import type { Configuration } from '../config/configuration.ts';
import { fullName, type Pack } from '../config/packs.ts';
import type { ScheduledQuery } from '../config/schedule.ts';
import type { Logger } from '../loggers/logger.ts';
import { type RowText, withTexts } from '../results/row.ts';
import type { Store } from '../store/store.ts';
import { Decorations } from './decorations.ts';
import { logRun, type ResultOptions } from './log-run.ts';
import type { QueryThread } from './query-thread.ts';
import { splayedInterval } from './splay.ts';
import { Timetable } from './timetable.ts';

export interface SchedulerOptions {
  readonly results: ResultOptions;
  readonly splayPercent: number;
  readonly packDelimiter: string;
  /** Seconds that the answer of a discovery query holds. */
  readonly packRefresh: number;
  readonly epoch: bigint;
  readonly hostIdentifier: () => string;
  /** Milliseconds a query may take. */
  readonly deadlineMs?: number | undefined;
}

export interface SchedulerParts {
  readonly store: Store;
  readonly logger: Logger;
  readonly thread: Pick<QueryThread, 'run'>;
  /** Unix seconds, with a fraction. */
  readonly now: () => number;
  readonly say: (severity: 'INFO' | 'WARNING' | 'ERROR', message: string) => void;
}

interface Job {
  readonly pack: Pack;
  readonly query: ScheduledQuery;
  readonly name: string;
}

/** Runs the queries of a configuration when they are due, one after the other, and logs what they return. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #options: SchedulerOptions;
  readonly #timetable: Timetable<Job>;
  readonly #decorations: Decorations;
  /** Packs whose discovery queries were asked: until when the answer holds. */
  readonly #discovered = new Map<Pack, { readonly until: number; readonly active: boolean }>();

  constructor(configuration: Configuration, parts: SchedulerParts, options: SchedulerOptions) {
    this.#parts = parts;
    this.#options = options;
    const { settings } = parts.store;
    const jobs = configuration.packs.flatMap((pack) =>
      pack.queries.map((query) => ({ pack, query, name: fullName(pack, query, options.packDelimiter) })),
    );
    const entries = jobs.map((job) => ({
      what: job,
      every: splayedInterval(settings, job.name, job.query.interval, options.splayPercent),
    }));
    this.#timetable = new Timetable(entries, Math.floor(parts.now()));
    this.#decorations = new Decorations(configuration.decorators, (sql) => this.#firstRow(sql));
  }

  /** Runs the decorators that run when a configuration is loaded. */
  async load(): Promise<void> {
    await this.#decorations.load(Math.floor(this.#parts.now()));
  }

  /** Runs what has become due. Call it again at `nextMs`. */
  async tick(): Promise<void> {
    for (const { what, missed } of this.#timetable.take(Math.floor(this.#parts.now()))) {
      if (missed > 0)
        this.#parts.say('INFO', `Scheduled query ${what.name} was due ${missed} times more and could not run`);
      if (await this.#isActive(what.pack)) await this.#run(what);
    }
  }

  /** Milliseconds until something is due; undefined if there is nothing to do at all. */
  get nextMs(): number | undefined {
    const now = this.#parts.now();
    const next = this.#timetable.next(Math.floor(now));
    return next === undefined ? undefined : Math.max(0, (next - now) * 1000);
  }

  async #run({ query, name }: Job): Promise<void> {
    const { store, logger, thread, now, say } = this.#parts;
    await this.#decorations.beforeQuery(Math.floor(now()));
    const time = Math.floor(now());
    let rows: readonly RowText[];
    try {
      ({ rows } = await thread.run(query.query, this.#options.deadlineMs));
    } catch (cause) {
      say('ERROR', `Error executing scheduled query ${name}: ${(cause as Error).message}`);
      return;
    }
    const { epoch, hostIdentifier, results } = this.#options;
    const run = {
      query,
      name,
      rows,
      time,
      epoch,
      hostIdentifier: hostIdentifier(),
      decorations: this.#decorations.pairs,
    };
    try {
      const difference = logRun(run, store, logger, results);
      if (difference?.reason === 'new') say('INFO', `Storing initial results for new scheduled query: ${name}`);
      if (difference?.reason === 'epoch') say('INFO', `New Epoch ${epoch} for scheduled query ${name}`);
      if (difference?.reason === 'sql') say('INFO', `Scheduled query has been updated: ${name}`);
    } catch (cause) {
      say('ERROR', `Results of scheduled query ${name} cannot be kept: ${(cause as Error).message}`);
    }
  }

  /** Whether all discovery queries of a pack return rows; the answer holds for a while. */
  async #isActive(pack: Pack): Promise<boolean> {
    if (pack.discovery.length === 0) return true;
    const now = this.#parts.now();
    const known = this.#discovered.get(pack);
    if (known !== undefined && now < known.until) return known.active;
    let active = true;
    for (const sql of pack.discovery) {
      try {
        active &&= (await this.#parts.thread.run(sql, this.#options.deadlineMs)).rows.length > 0;
      } catch (cause) {
        this.#parts.say('WARNING', `Discovery query failed (${sql}): ${(cause as Error).message}`);
        active = false;
      }
    }
    this.#discovered.set(pack, { until: now + this.#options.packRefresh, active });
    return active;
  }

  async #firstRow(sql: string): Promise<Record<string, string> | undefined> {
    try {
      const [row] = (await this.#parts.thread.run(sql, this.#options.deadlineMs)).rows;
      return row === undefined ? undefined : (JSON.parse(withTexts(row)) as Record<string, string>);
    } catch (cause) {
      this.#parts.say('WARNING', `Decorator query failed (${sql}): ${(cause as Error).message}`);
      return undefined;
    }
  }
}
