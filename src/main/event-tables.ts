import type { OptionValues } from '../config/option-values.ts';
import type { EventTable } from '../schema/event-table.ts';
import { tables } from '../tables/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: what an event is, its publisher knows
export type AnyEventTable = EventTable<any, any>;

/** Publishers that flags switch off, by osquery's names of them. */
const OFF: Readonly<Record<string, (options: OptionValues) => boolean>> = {
  auditeventpublisher: (options) => options.bool('disable_audit'),
};

/** The tables of events that are fed: those whose publishers run, without those that the configuration has switched off. */
export function eventTables(options: OptionValues, disabled: readonly string[]): AnyEventTable[] {
  if (options.bool('disable_events')) return [];
  return tables
    .filter(({ name }) => name.endsWith('_events') && name !== 'osquery_events' && !disabled.includes(name))
    .map(({ load }) => load() as AnyEventTable)
    .filter(({ publisher }) => !(OFF[publisher]?.(options) ?? true));
}
