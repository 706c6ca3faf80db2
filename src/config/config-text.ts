import { UserError } from '../base/errors.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** osquery's limits: 4 MiB of text, 32 levels. */
export const MAX_LENGTH = 4 * 1024 * 1024;
const MAX_DEPTH = 32;

/**
 * The object that a configuration or a pack is: JSON in which a line that begins with `#` or `//` is a comment, and a
 * backslash at the end of a line joins it with the next, as in osquery. Throws `UserError` with source, line and reason,
 * and never with what stands there: it may be a secret.
 */
export function parseConfigText(text: string, source: string): JsonObject {
  if (text.length > MAX_LENGTH) throw new UserError(tooLong(source));
  const json = stripped(text);
  let value: JsonValue;
  try {
    value = JSON.parse(json) as JsonValue;
  } catch (cause) {
    const { reason, at } = explained((cause as Error).message, json);
    throw new UserError(`${source}:${lineIn(text, at)}: not JSON: ${reason}`);
  }
  if (!isObject(value)) throw new UserError(`${source}: not an object`);
  if (isDeeperThan(value, MAX_DEPTH)) throw new UserError(`${source}: more than ${MAX_DEPTH} levels`);
  return /\d{16}/.test(json) ? (JSON.parse(json, exact) as JsonObject) : value;
}

/** A whole number with more digits than a double has, such as an epoch in nanoseconds, stays the text that it is. */
function exact(_key: string, value: JsonValue, { source = '' }: { readonly source?: string } = {}): JsonValue {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a key; undefined where the object has none of its own. */
export function valueAt(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function tooLong(source: string): string {
  return `${source}: more than ${MAX_LENGTH} characters`;
}

/** The text without comments and joins. */
function stripped(text: string): string {
  if (!text.includes('#') && !text.includes('//') && !/\\(\n|$)/.test(text)) return text;
  let json = '';
  for (const piece of pieces(text)) json += piece.text;
  return json;
}

/** For an offset in the text without comments and joins, the line of the original, from 1. */
function lineIn(text: string, offset: number): number {
  let line = 1;
  let length = 0;
  for (const piece of pieces(text)) {
    if (length > offset) break;
    line = piece.line;
    length += piece.text.length;
  }
  return line;
}

/** The lines that are no comments, with their ends where they are not joined with the next. */
function* pieces(text: string): Generator<{ readonly line: number; readonly text: string }> {
  let joined = false;
  let line = 1;
  for (let start = 0, end: number; start <= text.length; start = end + 1, line++) {
    end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const content = text.slice(start, end);
    if (!joined && /^\s*(#|\/\/)/.test(content)) continue;
    joined = content.endsWith('\\');
    yield { line, text: joined ? content.slice(0, -1) : `${content}\n` };
  }
}

/** V8's message without the piece of input that it quotes, and the offset that it is about. */
function explained(message: string, json: string): { reason: string; at: number } {
  if (message.startsWith(TOKEN)) return { reason: 'what stands here does not belong here', at: badToken(json) };
  const position = /at position (\d+)/.exec(message)?.[1];
  return {
    reason: message.replace(/ (in|after) JSON at.*$/s, ''),
    at: position === undefined ? json.length : Number(position),
  };
}

const TOKEN = 'Unexpected token';

/** V8 does not say where. Up to there the text is the beginning of some JSON, so a bisection finds it. */
function badToken(json: string): number {
  let [good, bad] = [0, json.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (hasBadToken(json.slice(0, middle))) bad = middle;
    else good = middle;
  }
  return good;
}

function hasBadToken(json: string): boolean {
  try {
    JSON.parse(json);
    return false;
  } catch (cause) {
    return (cause as Error).message.startsWith(TOKEN);
  }
}

function isDeeperThan(value: JsonValue, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeeperThan(inner, depth - 1));
}
