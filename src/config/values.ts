import { type JsonObject, type JsonValue, valueAt } from './config-text.ts';
import type { Report } from './report.ts';

/**
 * Values of a query, a pack or a section, as osquery takes them. What is of another kind is said, and counts as if it were
 * not there; so does null, which programs write for what is not set.
 */
export function textAt(object: JsonObject, key: string, report: Report): string {
  const value = setAt(object, key);
  if (typeof value === 'string') return value;
  if (value !== undefined) report(key, 'not a text');
  return '';
}

/** A whole number that is not negative, also as text. A fraction is cut off, as in osquery. */
export function countAt(object: JsonObject, key: string, report: Report): number | undefined {
  const value = setAt(object, key);
  if (value === undefined) return undefined;
  const number = typeof value === 'string' && /^\s*\d{1,15}\s*$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && number >= 0 && number <= Number.MAX_SAFE_INTEGER) return Math.trunc(number);
  report(key, 'not a whole number');
  return undefined;
}

/** True, false, a number, or "true", "t", "false", "f". */
export function flagAt(object: JsonObject, key: string, otherwise: boolean, report: Report): boolean {
  const value = setAt(object, key);
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  const text = typeof value === 'string' ? /^(?:(t|true)|f|false)$/i.exec(value) : null;
  if (text !== null) return text[1] !== undefined;
  report(key, 'neither true nor false');
  return otherwise;
}

function setAt(object: JsonObject, key: string): JsonValue | undefined {
  return valueAt(object, key) ?? undefined;
}
