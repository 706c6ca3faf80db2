import type { Configuration } from '../config/configuration.ts';
import type { FileRules } from '../config/file-events.ts';
import { fullName, type Pack } from '../config/packs.ts';
import { byPriority, type ScheduledQuery } from '../config/schedule.ts';
import type { Difference } from '../results/differ.ts';
import { withTexts } from '../results/row.ts';
import type { PackState, ScheduledQueryState } from '../schema/agent.ts';
import { tryToKeep } from '../store/store.ts';
import { withAskedPaths } from './asked-paths.ts';
import { Decorations } from './decorations.ts';
import { Denylist, PENALTY_OF_PROVEN, PROVEN_RUNS } from './denylist.ts';
import { Discovery } from './discovery.ts';
import { JobQueue } from './job-queue.ts';
import { logRun } from './log-run.ts';
import { QueryAccount } from './query-account.ts';
import { NO_COSTS, type QueryCosts, withRun } from './query-costs.ts';
import { type Answer, QueryPutOff, QueryStopped } from './query-outcome.ts';
import type { Unseen } from './query-protocol.ts';
import { recordRun } from './run-metrics.ts';
import { queryLimits } from './schedule-limits.ts';
import type { SchedulerOptions, SchedulerParts } from './scheduler-parts.ts';
import { splayedInterval } from './splay.ts';
import { Timetable } from './timetable.ts';

export type { SchedulerOptions, SchedulerParts } from './scheduler-parts.ts';

/** What the watchdog knows those decorator queries by that run when a configuration is loaded. */
const DECORATORS = 'decorators';
/** And those that say which files to watch. */
const FILE_PATHS = 'file_paths_query';

interface Job {
  readonly pack: Pack;
  readonly query: ScheduledQuery;
  readonly name: string;
}

/** A query that names a table of events. */
const EVENTS = /\b(?!osquery_)\w+_events\b/i;

/** Runs the queries of a configuration when they are due, one after the other unless one is late, and logs what they return. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #options: () => SchedulerOptions;
  readonly #decorations: Decorations;
  readonly #discovery: Discovery;
  readonly #denylist: Denylist;
  readonly #costs = new Map<string, QueryCosts>();
  #packs: readonly Pack[] = [];
  #jobs: readonly Job[] = [];
  #timetable: Timetable<Job>;
  /** Jobs that run at once. */
  #first: Job[] = [];
  readonly #queue = new JobQueue<Job>(
    (job) => this.#runIfActive(job),
    ({ name }) => this.#makeRoom(name),
  );
  /** Queries of jobs that run now, without what comes before them. */
  readonly #asked = new Set<string>();
  /** What runs now, by the names that the watchdog has for it. */
  readonly #running = new Set<string>();

  /** `options` is asked again and again: a new configuration may change them. */
  constructor(parts: SchedulerParts, options: () => SchedulerOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#timetable = new Timetable<Job>([], Math.floor(parts.now()));
    this.#decorations = new Decorations((sql) => this.#firstRow(sql, new QueryAccount(DECORATORS, {})));
    this.#discovery = new Discovery(
      async (sql) => (await this.#ask(sql, new QueryAccount('', {}))).rows.length > 0,
      (message) => parts.say('WARNING', message),
    );
    this.#denylist = new Denylist(parts.store);
  }

  /** The rules of files of a configuration, with what their queries find. */
  async files(rules: FileRules): Promise<FileRules> {
    if (rules.queries.size === 0) return rules;
    let found = rules;
    await this.#watched(FILE_PATHS, async (account) => {
      const rowsOf = async (sql: string) => (await this.#ask(sql, account)).rows;
      found = await withAskedPaths(rules, rowsOf, (message) => this.#parts.say('WARNING', message));
    });
    return found;
  }

  /** Takes a configuration, in place of the one before, and runs the decorators that run when it is loaded. */
  async load({ packs, decorators }: Pick<Configuration, 'packs' | 'decorators'>): Promise<void> {
    const { splayPercent, packDelimiter, maxDrift, decorators: decorate } = this.#options();
    const { store, now } = this.#parts;
    const known = new Set(this.#jobs.map(({ name }) => name));
    this.#packs = packs;
    this.#jobs = packs.flatMap((pack) =>
      pack.queries.map((query) => ({ pack, query, name: fullName(pack, query, packDelimiter) })),
    );
    const entries = this.#jobs.map((job) => ({
      what: job,
      every: splayedInterval(store, job.name, job.query.interval, splayPercent),
    }));
    // A configuration that could not be had is no reason to forget how far its queries are.
    if (this.#jobs.length > 0) tryToKeep(store, () => store.cursors.reschedule(this.queries));
    this.#queue.replace(this.#jobs);
    this.#timetable = new Timetable(entries, this.#timetable.asked, maxDrift);
    this.#first = this.#jobs
      .filter(({ query, name }) => query.runAtStart && !known.has(name))
      .sort((a, b) => byPriority(a.query, b.query));
    if (!decorate || this.#denylist.has(DECORATORS, now())) return;
    const time = Math.floor(now());
    await this.#watched(DECORATORS, (account) =>
      this.#decorations.load(decorators, time, (sql) => this.#firstRow(sql, account)),
    );
  }

  /** Runs what has become due, until nothing is left or what is left is late. Call it again at `nextMs`. */
  async tick(): Promise<void> {
    const { now, say } = this.#parts;
    const due = this.#timetable.take(Math.floor(now()));
    const first = this.#first.splice(0);
    for (const job of first) this.#queue.add(job);
    for (const { what, missed } of due) {
      const lost = first.includes(what) ? missed : this.#queue.add(what, missed);
      if (lost) say('INFO', `Scheduled query ${what.name} was due ${lost} times more and could not run`);
    }
    await this.#queue.run();
  }

  /** Milliseconds until something is due; undefined if there is nothing to do at all. */
  get nextMs(): number | undefined {
    if (this.#first.length > 0) return 0;
    const now = this.#parts.now();
    // From where it was asked last: a second that has begun since is due now, not skipped.
    const next = this.#timetable.next(Math.min(Math.floor(now), this.#timetable.asked));
    return next === undefined ? undefined : Math.max(0, (next - now) * 1000);
  }

  /** Stops a query, if it runs now, and puts it aside; whether it runs. */
  stop(name: string, reason: string): boolean {
    if (!this.#running.has(name)) return false;
    this.#parts.threads.stop(name, reason);
    return true;
  }

  /** Puts a query aside that cost the agent too much. */
  punish(name: string, reason: string): void {
    const job = this.#jobs.find((candidate) => candidate.name === name);
    if (job !== undefined && !this.#isDeniable(job.query)) {
      const why = job.query.denylist ? 'it is on events' : 'denylist is false';
      this.#parts.say('WARNING', `Scheduled query ${name} (${why}, it runs on): ${reason}`);
      return;
    }
    const isProven = (this.#costs.get(name)?.executions ?? 0) >= PROVEN_RUNS;
    this.#denylist.add(name, Math.floor(this.#parts.now()), isProven ? PENALTY_OF_PROVEN : undefined);
    const time = isProven ? `${PENALTY_OF_PROVEN / 60} minutes, as it has run before` : 'a day';
    this.#parts.say('WARNING', `Scheduled query ${name} is denylisted for ${time}: ${reason}`);
  }

  /** Begins nothing more. */
  close(): void {
    this.#queue.close();
  }

  /** Full names to SQL. */
  get queries(): ReadonlyMap<string, string> {
    return new Map(this.#jobs.map(({ name, query }) => [name, query.query]));
  }

  /** For `osquery_schedule`. */
  schedule(): ScheduledQueryState[] {
    const now = this.#parts.now();
    return this.#jobs.map(({ name, query }) => ({
      name,
      query: query.query,
      interval: query.interval,
      denylisted: this.#isDeniable(query) && this.#denylist.has(name, now),
      ...(this.#costs.get(name) ?? NO_COSTS),
    }));
  }

  /** For `osquery_packs`. */
  packs(): PackState[] {
    return this.#packs.map((pack) => {
      const { active, hits, executions } = this.#discovery.state(pack);
      const { name, platform, version, shard } = pack;
      const runs = active && pack.queries.length > 0;
      return {
        name,
        platform,
        version,
        shard,
        discoveryCacheHits: hits,
        discoveryExecutions: executions,
        active: runs,
      };
    });
  }

  /** A query on events that is put aside loses them; how much it costs is up to how many came. */
  #isDeniable({ query, denylist }: Job['query']): boolean {
    return denylist && (this.#options().denyEvents || !EVENTS.test(query));
  }

  /** What comes before a query, its discovery and decorators, goes on to its end. */
  #makeRoom(name: string): void {
    if (this.#asked.has(name)) this.#parts.threads.putOff(name);
  }

  async #runIfActive(job: Job): Promise<'done' | 'again'> {
    const now = this.#parts.now();
    if (this.#isDeniable(job.query) && this.#denylist.has(job.name, now)) return 'done';
    let outcome: 'done' | 'again' = 'done';
    await this.#watched(job.name, async (account) => {
      const hasRows = async (sql: string) => (await this.#ask(sql, account)).rows.length > 0;
      const isActive = await this.#discovery.isActive(job.pack, now, this.#options().packRefresh, hasRows);
      if (isActive) outcome = await this.#run(job, account);
    });
    return outcome;
  }

  /** Does what may cost too much: the watchdog knows its name, and can stop it. */
  async #watched(name: string, work: (account: QueryAccount) => Promise<void>): Promise<void> {
    const { watchdog = {} } = this.#parts;
    const account = new QueryAccount(name, watchdog);
    this.#running.add(name);
    watchdog.begins?.(name);
    try {
      await work(account);
    } finally {
      this.#running.delete(name);
      watchdog.ends?.(name, account.use);
    }
  }

  async #run({ pack, query, name }: Job, account: QueryAccount): Promise<'done' | 'again'> {
    const { now, say, record } = this.#parts;
    const { decorators, announce } = this.#options();
    if (announce !== 'nothing') {
      say('INFO', `Executing scheduled query ${name}${announce === 'sql' ? `: ${query.query}` : ''}`);
    }
    if (decorators) {
      await this.#decorations.beforeQuery(Math.floor(now()), (sql) => this.#firstRow(sql, account));
    }
    const time = Math.floor(now());
    const costs = this.#costs.get(name) ?? NO_COSTS;
    let answer: Answer;
    try {
      this.#asked.add(name);
      account.onBegin = () => this.#queue.begins(name);
      answer = await this.#ask(query.query, account, this.#unseen(name), query.timeout);
    } catch (cause) {
      if (cause instanceof QueryPutOff) return 'again';
      const { message } = cause as Error;
      this.#costs.set(name, { ...costs, lastExecuted: time });
      say('ERROR', `Error executing scheduled query ${name}: ${message}`);
      record?.(`scheduler.query.${pack.name}.${query.name}.status.failure`, 1, 'sum');
      if (cause instanceof QueryStopped) this.punish(name, message);
      return 'done';
    } finally {
      this.#asked.delete(name);
    }
    this.#costs.set(name, withRun(costs, answer, time));
    if (record !== undefined) recordRun(record, pack.name, query.name, answer);
    // A configuration that came meanwhile may not know it any more, or mean something else by its name.
    if (!this.#jobs.some((job) => job.name === name && job.query.query === query.query)) return 'done';
    account.log(answer.characters, () => this.#log(query, name, answer, time));
    return 'done';
  }

  #log(query: ScheduledQuery, name: string, { rows, seen }: Answer, time: number): void {
    const { store, logger, say, record } = this.#parts;
    const { epoch, hostIdentifier, results, optimizeEvents: optimize } = this.#options();
    const decorations = this.#decorations.pairs;
    const run = {
      query,
      name,
      rows,
      time,
      epoch,
      hostIdentifier: hostIdentifier(),
      decorations,
      seen: optimize ? seen : undefined,
    };
    try {
      const difference = logRun(run, store, logger, results);
      if (difference === undefined || isLogged(difference)) record?.('query.total.count', 1, 'sum');
      if (difference?.reason === 'new') say('INFO', `Storing initial results for new scheduled query: ${name}`);
      if (difference?.reason === 'epoch') say('INFO', `New Epoch ${epoch} for scheduled query ${name}`);
      if (difference?.reason === 'sql') say('INFO', `Scheduled query has been updated: ${name}`);
    } catch (cause) {
      say('ERROR', `Results of scheduled query ${name} cannot be kept: ${(cause as Error).message}`);
    }
  }

  /** The events that a query is to see; undefined where these are all of them each time. */
  #unseen(name: string): Unseen | undefined {
    const { events, store } = this.#parts;
    const identity = events?.identity;
    if (identity === undefined || !this.#options().optimizeEvents) return undefined;
    const cursors = store.cursors.of(name, identity);
    return { cursors, reading: events!.reads(name, this.queries) };
  }

  /** `timeout`: seconds, of the query itself. */
  async #ask(sql: string, account: QueryAccount, unseen?: Unseen, timeout?: number): Promise<Answer> {
    let answer: Answer | undefined;
    try {
      answer = await this.#parts.threads.run(sql, queryLimits(this.#options().limits, timeout), unseen, account);
      return answer;
    } finally {
      account.ended(answer && answer.userMs + answer.systemMs, answer && answer.characters + answer.took);
    }
  }

  async #firstRow(sql: string, account: QueryAccount): Promise<Record<string, string> | undefined> {
    try {
      const [row] = (await this.#ask(sql, account)).rows;
      return row === undefined ? {} : (JSON.parse(withTexts(row)) as Record<string, string>);
    } catch (cause) {
      this.#parts.say('WARNING', `Decorator query failed (${sql}): ${(cause as Error).message}`);
      return undefined;
    }
  }
}

/** Whether osquery would count it: a first run, also where it has no rows, and every run with changes. */
function isLogged({ added, removed, reason }: Difference): boolean {
  return added.length + removed.length > 0 || reason === 'new' || reason === 'epoch';
}
