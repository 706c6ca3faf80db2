import { isObject, type JsonObject, type JsonValue, valueAt } from './config-text.ts';
import type { Report } from './schedule.ts';

/** Names in a section: more are a mistake, and would be held for as long as the agent runs. */
const MAX_ENTRIES = 10_000;

/** The section of a key as an object; undefined, with a word where it is something else. */
export function sectionOf(config: JsonObject, key: string, report: Report): JsonObject | undefined {
  const value = valueAt(config, key);
  if (value === undefined) return undefined;
  if (!isObject(value)) return void report(key, 'not an object');
  if (Object.keys(value).length > MAX_ENTRIES) return void report(key, `more than ${MAX_ENTRIES} entries`);
  return value;
}

/** A list of texts; what is none is left out with a word, and so are empty ones. */
export function textsOf(value: JsonValue | undefined, place: string, report: Report): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    report(place, 'not an array');
    return [];
  }
  const texts = value.filter((item): item is string => typeof item === 'string' && item !== '');
  if (texts.length < value.length) report(place, 'has what is no text');
  return texts;
}

/** Names to lists of texts, added to those that are there. */
export function addLists(into: Map<string, string[]>, section: JsonObject | undefined, place: string, report: Report) {
  for (const [name, list] of Object.entries(section ?? {})) {
    const texts = textsOf(list, `${place}.${name}`, report);
    if (texts.length > 0) into.set(name, [...(into.get(name) ?? []), ...texts]);
  }
}
