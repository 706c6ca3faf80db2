import { isObject, type JsonValue, valueAt } from './config-text.ts';
import { reportUnknown } from './known-keys.ts';
import type { Report } from './schedule.ts';

/** Queries whose first rows are added to every line of results. */
export interface Decorators {
  /** Run when the configuration is loaded. */
  readonly load: readonly string[];
  /** Run before each scheduled query. */
  readonly always: readonly string[];
  /** Run every so many seconds, multiples of 60. */
  readonly intervals: readonly { readonly every: number; readonly queries: readonly string[] }[];
}

/** The `decorators` of a configuration. */
export function parseDecorators(value: JsonValue | undefined, report: Report): Decorators {
  const none = { load: [], always: [], intervals: [] };
  if (value === undefined) return none;
  if (!isObject(value)) {
    report('decorators', 'not an object');
    return none;
  }
  reportUnknown(value, 'decorators', 'decorators', report);
  const queries = (found: JsonValue | undefined, place: string): string[] => {
    if (found === undefined) return [];
    if (!Array.isArray(found)) {
      report(place, 'not an array');
      return [];
    }
    const texts = found.filter((item): item is string => typeof item === 'string');
    if (texts.length < found.length) report(place, 'has what is no text');
    return texts;
  };
  const intervals = valueAt(value, 'interval');
  if (intervals !== undefined && !isObject(intervals)) report('decorators.interval', 'not an object');
  return {
    load: queries(valueAt(value, 'load'), 'decorators.load'),
    always: queries(valueAt(value, 'always'), 'decorators.always'),
    intervals: Object.entries(isObject(intervals) ? intervals : {}).flatMap(([text, list]) => {
      const place = `decorators.interval.${text}`;
      const every = /^\d{1,9}$/.test(text) ? Number(text) : 0;
      if (every > 0 && every % 60 === 0) return [{ every, queries: queries(list, place) }];
      report(place, 'not a multiple of 60 seconds');
      return [];
    }),
  };
}
