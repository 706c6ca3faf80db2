import type { SqlFunction, SqlValue } from './function.ts';

/** Arguments as SQLite itself takes them where a function wants a number or a text. */

const REAL_PREFIX = /^[ \t-\r]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)/;

/** A value as REAL: of a text or blob the number that it begins with, else 0. */
export function realOf(value: SqlValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value === null) return 0;
  const text = typeof value === 'string' ? value : Buffer.from(value).latin1Slice();
  return Number(REAL_PREFIX.exec(text)?.[1] ?? 0);
}

/** A whole number that came as text (so did an argument that is a REAL); what follows the point is cut off. */
export function integerOf(text: string): number {
  return Math.trunc(realOf(text));
}

/** A function of texts that answers NULL wherever an argument is NULL. */
export function onTexts(
  definition: Omit<SqlFunction, 'accepts' | 'call'> & { call(...texts: string[]): SqlValue | boolean },
): SqlFunction {
  const { call } = definition;
  return {
    ...definition,
    accepts: 'text',
    call: (...args) => (args.includes(null) ? null : call(...(args as string[]))),
  };
}

/** Space, tab, line feed, vertical tab, form feed, carriage return: `isspace(3)` in the C locale. */
export function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
