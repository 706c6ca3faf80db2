import { type JsonObject, valueAt } from './config-text.ts';
import { type Report, within } from './report.ts';
import { sectionOf, textsOf } from './section.ts';

/** The `events` of a configuration: which event tables are fed. */
export interface EventSubscribers {
  /** Not fed, whatever else is said. */
  readonly disabled: readonly string[];
  /** Fed, also where a flag keeps them from it. */
  readonly enabled: readonly string[];
  /** Variables of the environment that events of processes show. */
  readonly environment: readonly string[];
}

export function parseEvents(config: JsonObject, report: Report): EventSubscribers | undefined {
  const events = sectionOf(config, 'events', report, 'events');
  if (events === undefined) return undefined;
  const list = (key: string) => textsOf(valueAt(events, key), key, within(report, 'events'));
  return {
    disabled: list('disable_subscribers'),
    enabled: list('enable_subscribers'),
    environment: list('environment_variables'),
  };
}
