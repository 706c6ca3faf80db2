import type { EventCountsOf } from '../../events/messages.ts';
import type { Severity } from '../../loggers/logger.ts';
import type { EventSourceState } from '../../schema/agent.ts';

/** What is lost all the time is said once in this time, with how much it was. */
const QUIET_MS = 60_000;

type Say = (severity: Severity, message: string) => void;

/** Says what is lost: at once, then no more than once a minute for each cause. */
export class LossLog {
  readonly #say: Say;
  readonly #now: () => number;
  /** What was said to be lost, and when. */
  readonly #said = new Map<string, { readonly count: number; readonly at: number }>();

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(say: Say, now: () => number) {
    this.#say = say;
    this.#now = now;
  }

  add({ publishers, tables }: EventCountsOf): void {
    for (const [name, { dropped }] of publishers) {
      for (const [cause, count] of Object.entries(dropped)) {
        this.#grown(`${name}/${cause}`, count, 'WARNING', (more) => `${name}: ${more} lost (${cause})`);
      }
    }
    for (const [name, { dropped, unseen }] of tables) {
      const { store, ...bounds } = dropped;
      this.#grown(`${name}/store`, store, 'WARNING', (more) => `${name}: ${more} events could not be kept`);
      // Those that every query has seen are no loss to anybody but who asks by hand.
      for (const [flag, count] of Object.entries(bounds)) {
        this.#grown(`${name}/${flag}`, count, 'INFO', (more) => `${name}: ${more} events dropped beyond ${flag}`);
      }
      const lost = (more: number) => `${name}: ${more} events dropped that a scheduled query was yet to see`;
      this.#grown(`${name}/unseen`, unseen, 'WARNING', lost);
    }
  }

  #grown(key: string, count: number, severity: Severity, message: (more: number) => string): void {
    const last = this.#said.get(key);
    const more = count - (last?.count ?? 0);
    if (more <= 0 || (last !== undefined && this.#now() - last.at < QUIET_MS)) return;
    this.#said.set(key, { count, at: this.#now() });
    this.#say(severity, `${message(more)}, ${count} since the start`);
  }
}

/** Publishers and tables as `osquery_events` shows them. */
export function statesOf({ publishers, tables }: EventCountsOf): EventSourceState[] {
  const subscribers = [...tables].map(([name, { publisher, stored, expired, dropped, unseen }]) => ({
    name,
    publisher,
    type: 'subscriber' as const,
    subscriptions: 1,
    events: stored,
    refreshes: 0,
    active: publishers.has(publisher),
    expired,
    unseen,
    drops: dropped,
  }));
  const sources = [...publishers].map(([name, { received, events, dropped }]) => ({
    name,
    publisher: name,
    type: 'publisher' as const,
    subscriptions: subscribers.filter(({ publisher }) => publisher === name).length,
    events,
    refreshes: 0,
    active: true,
    received,
    drops: dropped,
  }));
  return [...sources, ...subscribers];
}
