import { integerOf, isSpace, onTexts } from './coerce.ts';
import type { SqlFunction, SqlValue } from './function.ts';

/** Characters that a function makes or takes apart at most, so that one call cannot use up the memory of the process. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** Soundex digit of each letter from A; 0 for those that have no sound of their own. */
const SOUNDEX = '01230120022455012623010202';

export const stringFunctions: readonly SqlFunction[] = [
  {
    name: 'concat',
    arity: { min: 0 },
    accepts: 'text',
    description: 'The arguments one after the other, without those that are NULL',
    example: "concat('a', NULL, 1)",
    call: (...parts: SqlValue[]) => (parts.length === 0 ? null : parts.join('')),
  },
  {
    name: 'concat_ws',
    arity: { min: 0 },
    accepts: 'text',
    description: 'The arguments after the first, without those that are NULL, with the first between them',
    example: "concat_ws('-', 'a', NULL, 'b')",
    call(...args: SqlValue[]) {
      if (args.length === 0) throw new Error('Missing separator to concat_ws');
      const [separator, ...parts] = args as (string | null)[];
      return parts.length === 0 ? null : parts.filter((part) => part !== null).join(separator ?? '');
    },
  },
  onTexts({
    name: 'split',
    arity: 3,
    description:
      'One of the pieces, counted from 0, between any of the characters of the second argument. Empty pieces do not ' +
      'count, white space around a piece is removed, and a piece that is not there is NULL',
    example: "split('192.0.2.7', '.', 3)",
    call(text: string, separators: string, index: string) {
      if (separators === '') throw new Error('Invalid input to split function');
      return piece(text, new Set(separators), integerOf(index));
    },
  }),
  onTexts({
    name: 'leftstr',
    arity: 2,
    description: 'That many characters from the beginning',
    example: "leftstr('osquery', 2)",
    call: (text: string, count: string) => characters(text).slice(0, size(count)).join(''),
  }),
  onTexts({
    name: 'rightstr',
    arity: 2,
    description: 'That many characters from the end',
    example: "rightstr('osquery', 5)",
    call(text: string, count: string) {
      const all = characters(text);
      return all.slice(Math.max(0, all.length - size(count))).join('');
    },
  }),
  onTexts({
    name: 'charindex',
    arity: { min: 2, max: 3 },
    description: 'Where the first text begins in the second, counted from 1, looking from the third on; 0 if nowhere',
    example: "charindex('e', 'osquery')",
    call(wanted: string, text: string, from?: string) {
      const skipped = characters(text).slice(0, Math.max(0, integerOf(from ?? '1') - 1));
      const at = text.indexOf(wanted, skipped.join('').length);
      return at < 0 ? 0 : characters(text.slice(0, at)).length + 1;
    },
  }),
  onTexts({
    name: 'reverse',
    arity: 1,
    description: 'The characters from last to first',
    example: "reverse('abc')",
    call: (text: string) => characters(text).reverse().join(''),
  }),
  onTexts({
    name: 'proper',
    arity: 1,
    description: 'Each word begins with a capital and goes on in small letters',
    example: "proper('hello WORLD')",
    call: (text: string) => text.toLowerCase().replace(/(^|\s)(\S)/gu, (word) => word.toUpperCase()),
  }),
  pad('padl', "padl('7', 3)", 'Spaces on the left until the text has that many characters', (missing) => missing),
  pad('padr', "padr('7', 3)", 'Spaces on the right until the text has that many characters', () => 0),
  pad('padc', "padc('7', 3)", 'Spaces on both sides until the text has that many characters', (missing) =>
    Math.floor(missing / 2),
  ),
  onTexts({
    name: 'strfilter',
    arity: 2,
    description: 'The characters of the first text that are also in the second',
    example: "strfilter('+1 (555) 0100', '0123456789')",
    call(text: string, allowed: string) {
      const set = new Set(allowed);
      return characters(text)
        .filter((character) => set.has(character))
        .join('');
    },
  }),
  onTexts({
    name: 'replicate',
    arity: 2,
    description: 'The text that many times',
    example: "replicate('ab', 3)",
    call(text: string, count: string) {
      const times = size(count);
      if (times * text.length > MAX_CHARACTERS) throw tooLong();
      return text.repeat(times);
    },
  }),
  {
    name: 'soundex',
    arity: 1,
    accepts: 'text',
    description: 'How an English word sounds, in a letter and three digits; `?000` for a text without letters',
    example: "soundex('Robert')",
    call: (text: SqlValue) => soundex((text as string | null) ?? ''),
  },
  onTexts({
    name: 'difference',
    arity: 2,
    description: 'In how many of four places the Soundex codes of two words agree: 4 if they sound alike',
    example: "difference('Robert', 'Rupert')",
    call(a: string, b: string) {
      const other = soundex(b);
      return [...soundex(a)].filter((character, i) => character === other[i]).length;
    },
  }),
];

/** The piece number `index`; stops reading there. */
function piece(text: string, separators: ReadonlySet<string>, index: number): string | null {
  let left = index;
  let start = 0;
  let at = 0;
  for (const character of text) {
    if (separators.has(character)) {
      if (at > start && left-- === 0) return trim(text, start, at);
      start = at + character.length;
    }
    at += character.length;
  }
  return at > start && left === 0 ? trim(text, start, at) : null;
}

function trim(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isSpace(text, from)) from++;
  while (to > from && isSpace(text, to - 1)) to--;
  return text.slice(from, to);
}

function pad(name: string, example: string, description: string, left: (missing: number) => number): SqlFunction {
  return onTexts({
    name,
    arity: 2,
    description,
    example,
    call(text: string, width: string) {
      const missing = size(width) - characters(text).length;
      if (missing <= 0) return text;
      const before = left(missing);
      return ' '.repeat(before) + text + ' '.repeat(missing - before);
    },
  });
}

/** As SQLite's own `soundex` does it where it is compiled in: letters with the same digit in a row count once. */
function soundex(text: string): string {
  let code = '';
  let last = '0';
  for (let i = 0; i < text.length && code.length < 4; i++) {
    const digit = SOUNDEX[(text.charCodeAt(i) | 0x20) - 0x61];
    if (digit === undefined) {
      // What is no letter parts two sounds.
      if (code !== '') last = '0';
    } else if (code === '') code = text[i]!.toUpperCase();
    else if (digit !== '0' && digit !== last) code += digit;
    if (digit !== undefined) last = digit;
  }
  return code === '' ? '?000' : code.padEnd(4, '0');
}

function characters(text: string): string[] {
  if (text.length > MAX_CHARACTERS) throw tooLong();
  return Array.from(text);
}

/** An argument that says how many characters. */
function size(text: string): number {
  const number = Math.max(0, integerOf(text));
  if (number > MAX_CHARACTERS) throw tooLong();
  return number;
}

function tooLong(): Error {
  return new Error(`text of more than ${MAX_CHARACTERS} characters`);
}
