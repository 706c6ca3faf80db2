import { isObject, type JsonObject, type JsonValue, valueAt } from './config-text.ts';
import { type KnownKeys, reportUnknown } from './known-keys.ts';
import { type Report, within } from './report.ts';

/** Names in a section: more are a mistake, and would be held for as long as the agent runs. */
const MAX_ENTRIES = 10_000;

/** The section of a key as an object; undefined, with a word where it is something else. `known`: its keys, if it has fixed ones. */
export function sectionOf(
  object: JsonObject,
  key: string,
  report: Report,
  known?: keyof KnownKeys,
): JsonObject | undefined {
  const value = valueAt(object, key);
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) return void report(key, 'not an object');
  if (Object.keys(value).length > MAX_ENTRIES) return void report(key, `more than ${MAX_ENTRIES} entries`);
  if (known !== undefined) reportUnknown(value, known, within(report, key));
  return value;
}

/** A list of texts; what is none is left out with a word, and so are empty ones. */
export function textsOf(value: JsonValue | undefined, place: string, report: Report): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    report(place, 'not an array');
    return [];
  }
  if (value.length > MAX_ENTRIES) {
    report(place, `more than ${MAX_ENTRIES} entries`);
    return [];
  }
  const texts = value.filter((item): item is string => typeof item === 'string' && item.trim() !== '');
  if (texts.length < value.length) report(place, 'has what is no text, or an empty one');
  return texts;
}

/** Names to lists of texts, added to those that are there. */
export function addLists(into: Map<string, string[]>, section: JsonObject | undefined, report: Report) {
  for (const [name, list] of Object.entries(section ?? {})) {
    const texts = textsOf(list, name, report);
    const all = new Set([...(into.get(name) ?? []), ...texts]);
    if (all.size > MAX_ENTRIES) report(name, `more than ${MAX_ENTRIES} entries`);
    else if (all.size > 0) into.set(name, [...all]);
  }
}
