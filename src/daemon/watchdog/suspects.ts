import type { ThreadUse } from '../thread-use.ts';
import type { Breach, Usage } from './usage-meter.ts';

/** What a process has used, and its main thread. */
export interface MainUsage extends Usage {
  /** CPU of the main thread in milliseconds. */
  readonly mainMs: number;
}

/** A query of the worker that runs, or has run lately. */
interface Suspect {
  use: ThreadUse;
  /** CPU of the run that is there, when counting began. */
  baseMs: number;
  /** CPU of runs that have ended since. */
  endedMs: number;
  state: 'runs' | 'logs' | 'ended' | 'gone';
  /** When the main thread began to work on its rows. */
  logging: MainUsage | undefined;
  /** It was told to stop. */
  stopped: boolean;
}

/**
 * The queries of a worker, and what each has used by its own measure. To blame is who took at least half of what is too much,
 * or alone more than is allowed; whoever merely ran at that moment is not.
 */
export class Suspects {
  readonly #queries = new Map<string, Suspect>();

  begins(query: string): void {
    const { endedMs = 0 } = this.#queries.get(query) ?? {};
    this.#queries.set(query, {
      use: { cpuMs: 0, memory: 0 },
      baseMs: 0,
      endedMs,
      state: 'runs',
      logging: undefined,
      stopped: false,
    });
  }

  uses(query: string, use: ThreadUse): void {
    const suspect = this.#queries.get(query);
    if (suspect !== undefined) suspect.use = use;
  }

  /** The main thread begins with its rows, and had used so much before. */
  logs(query: string, use: ThreadUse, usage: MainUsage | undefined): void {
    const suspect = this.#queries.get(query);
    if (suspect === undefined) return;
    Object.assign(suspect, { use, logging: usage, state: 'logs' });
  }

  ends(query: string, use: ThreadUse): void {
    const suspect = this.#queries.get(query);
    if (suspect === undefined) return;
    suspect.endedMs += Math.max(0, use.cpuMs - suspect.baseMs);
    Object.assign(suspect, { use, baseMs: use.cpuMs, logging: undefined, state: 'ended' });
  }

  /** A look is over: who had ended before has no memory any more. */
  looked(): void {
    for (const suspect of this.#queries.values()) if (suspect.state === 'ended') suspect.state = 'gone';
  }

  /** CPU counts from here on. */
  countAnew(): void {
    for (const [query, suspect] of this.#queries) {
      suspect.endedMs = 0;
      suspect.baseMs = suspect.use.cpuMs;
      if (suspect.state === 'gone') this.#queries.delete(query);
    }
  }

  /** Whether the main thread is at work on rows: then what it uses counts. */
  get logging(): boolean {
    return [...this.#queries.values()].some(({ state }) => state === 'logs');
  }

  /** The query that took at least half of what is too much, or more than all may take, and whether it runs and was not told to stop yet. */
  guilty(
    { kind, amount, limit }: Breach,
    usage: MainUsage,
  ): { readonly query: string; readonly runs: boolean; readonly stopped: boolean } | undefined {
    let most = 0;
    let found: string | undefined;
    for (const [query, suspect] of this.#queries) {
      const own = kind === 'cpu' ? cpuOf(suspect, usage) : memoryOf(suspect, usage);
      if (own <= most) continue;
      most = own;
      found = query;
    }
    if (found === undefined || (most * 2 < amount && most <= limit)) return undefined;
    const { state, stopped } = this.#queries.get(found)!;
    return { query: found, runs: state === 'runs' || state === 'logs', stopped };
  }

  stopped(query: string): void {
    const suspect = this.#queries.get(query);
    if (suspect !== undefined) suspect.stopped = true;
  }

  /** The only query that runs; undefined where none does or several do, for then nobody knows which. */
  get alone(): string | undefined {
    const running = [...this.#queries].filter(([, { state }]) => state === 'runs' || state === 'logs');
    return running.length === 1 ? running[0]![0] : undefined;
  }
}

function cpuOf({ use, baseMs, endedMs, logging, state }: Suspect, { mainMs }: MainUsage): number {
  const runs = state === 'runs' || state === 'logs';
  return endedMs + (runs ? Math.max(0, use.cpuMs - baseMs) : 0) + (logging === undefined ? 0 : mainMs - logging.mainMs);
}

function memoryOf({ use, logging, state }: Suspect, { memory }: MainUsage): number {
  if (state === 'gone') return 0;
  return use.memory + (logging === undefined ? 0 : Math.max(0, memory - logging.memory));
}
