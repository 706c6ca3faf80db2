import { type JsonObject, valueAt } from './config-text.ts';
import type { Report } from './schedule.ts';
import { sectionOf, textsOf } from './section.ts';

/** The `events` of a configuration: which event tables are fed. */
export interface EventSubscribers {
  readonly disabled: readonly string[];
  /** If there are any, these alone are fed. */
  readonly enabled: readonly string[];
  /** Variables of the environment that `process_events` shows. */
  readonly environment: readonly string[];
}

export function parseEvents(config: JsonObject, report: Report): EventSubscribers | undefined {
  const events = sectionOf(config, 'events', report);
  if (events === undefined) return undefined;
  const list = (key: string) => textsOf(valueAt(events, key), `events.${key}`, report);
  return {
    disabled: list('disable_subscribers'),
    enabled: list('enable_subscribers'),
    environment: list('environment_variables'),
  };
}
