import type { EventSubscribers } from '../config/event-subscribers.ts';
import type { OptionValues } from '../config/option-values.ts';
import { namesTable } from '../events/readers.ts';
import type { EventTable } from '../schema/event-table.ts';
import { tables } from '../tables/index.ts';
import { starters } from './publishers/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: what an event is, its publisher knows
export type AnyEventTable = EventTable<any, any>;

/** What decides, beside flags, which tables are fed. */
export interface EventWishes extends Pick<EventSubscribers, 'enabled' | 'disabled'> {
  /** Queries of the schedule. */
  readonly scheduled: readonly string[];
}

/** The tables of events that are fed: those whose publishers run, as their flags and the configuration's `events` say. */
export function eventTables(options: OptionValues, { enabled, disabled, scheduled }: EventWishes): AnyEventTable[] {
  if (options.bool('disable_events')) return [];
  return tables
    .filter(({ name }) => name.endsWith('_events') && name !== 'osquery_events' && !disabled.includes(name))
    .map(({ load }) => load() as AnyEventTable)
    .filter(({ name, aliases = [], publisher }) => {
      const starter = starters.get(publisher);
      if (!starter?.isOn(options)) return false;
      if (starter.onlyIfRead?.(options) && !scheduled.some((sql) => namesTable(sql, { name, aliases }))) return false;
      const flag = starter.tableFlags[name];
      return flag === undefined || options.bool(flag) || enabled.includes(name);
    });
}
