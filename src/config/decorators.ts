import { type JsonObject, valueAt } from './config-text.ts';
import { type Report, within } from './report.ts';
import { sectionOf, textsOf } from './section.ts';

/** Queries whose first rows are added to every line of results. */
export interface Decorators {
  /** Run when the configuration is loaded. */
  readonly load: readonly string[];
  /** Run before each scheduled query. */
  readonly always: readonly string[];
  /** Run every so many seconds, multiples of 60. */
  readonly intervals: readonly { readonly every: number; readonly queries: readonly string[] }[];
}

/** The `decorators` of a configuration; undefined if it has none. */
export function parseDecorators(config: JsonObject, report: Report): Decorators | undefined {
  const decorators = sectionOf(config, 'decorators', report, 'decorators');
  if (decorators === undefined) return undefined;
  const inside = within(report, 'decorators');
  const intervals = sectionOf(decorators, 'interval', inside) ?? {};
  return {
    load: textsOf(valueAt(decorators, 'load'), 'load', inside),
    always: textsOf(valueAt(decorators, 'always'), 'always', inside),
    intervals: Object.entries(intervals).flatMap(([text, list]) => {
      const place = `interval.${text}`;
      const every = /^\d{1,9}$/.test(text) ? Number(text) : 0;
      if (every > 0 && every % 60 === 0) return [{ every, queries: textsOf(list, place, inside) }];
      inside(place, 'not a multiple of 60 seconds');
      return [];
    }),
  };
}
