import type { EventCountsOf } from '../../events/messages.ts';
import type { Severity } from '../../loggers/logger.ts';
import type { EventSourceState } from '../../schema/agent.ts';

/** A line for each loss that has grown. */
export function sayLosses(
  before: EventCountsOf,
  now: EventCountsOf,
  say: (severity: Severity, message: string) => void,
): void {
  for (const [name, { dropped }] of now.publishers) {
    for (const [cause, count] of Object.entries(dropped)) {
      const more = count - (before.publishers.get(name)?.dropped[cause] ?? 0);
      if (more > 0) say('WARNING', `${name}: ${more} lost (${cause}), ${count} since the start`);
    }
  }
  for (const [name, { lost, dropped }] of now.tables) {
    const last = before.tables.get(name);
    if (lost > (last?.lost ?? 0)) say('WARNING', `${name}: ${lost} events could not be kept since the start`);
    const more = dropped - (last?.dropped ?? 0);
    if (more > 0) say('WARNING', `${name}: ${more} events dropped beyond events_max, ${dropped} since the start`);
  }
}

/** Publishers and tables as `osquery_events` shows them. */
export function statesOf({ publishers, tables }: EventCountsOf): EventSourceState[] {
  const subscribers = [...tables].map(([name, { publisher, stored }]) => ({
    name,
    publisher,
    type: 'subscriber' as const,
    subscriptions: 1,
    events: stored,
    refreshes: 0,
    active: publishers.has(publisher),
  }));
  const sources = [...publishers].map(([name, { events }]) => ({
    name,
    publisher: name,
    type: 'publisher' as const,
    subscriptions: subscribers.filter(({ publisher }) => publisher === name).length,
    events,
    refreshes: 0,
    active: true,
  }));
  return [...sources, ...subscribers];
}
