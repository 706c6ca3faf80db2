import { encodeText } from '../base/text.ts';

export type SqlOperator =
  | 'LIKE'
  | 'GLOB'
  /** `= … COLLATE NOCASE`. */
  | 'NOCASE'
  /** `= … COLLATE RTRIM`. */
  | 'RTRIM'
  /** Begins with the text, case ignored: what SQLite tells of `LIKE … ESCAPE`. */
  | 'PREFIX';

/** Any text; any text but `/`; any character; a set of `GLOB`; a code point, lower case where case is ignored. */
export type Token = typeof DEEP | typeof NAME | typeof ONE | CharacterSet | number;
export interface CharacterSet {
  readonly negated: boolean;
  /** Inclusive code points. */
  readonly ranges: readonly (readonly [number, number])[];
}
export const DEEP = Symbol('any text');
export const NAME = Symbol('any text without a slash');
export const ONE = Symbol('any character');

/** A pattern cut up. By levels a `%` alone stays within a name. */
export function tokensOf(operator: SqlOperator, text: string, reading: 'sql' | 'levels'): Token[] {
  const characters = charactersOf(text);
  if (operator === 'LIKE') return likeTokens(characters, reading);
  if (operator === 'GLOB') return globTokens(characters);
  if (operator === 'NOCASE') return characters;
  if (operator === 'PREFIX') return [...characters, DEEP];
  return [...charactersOf(text.replace(/ +$/, '')), NAME];
}

function likeTokens(characters: readonly number[], reading: 'sql' | 'levels'): Token[] {
  const tokens: Token[] = [];
  for (const code of characters) {
    if (code === PERCENT) {
      const last = tokens.at(-1);
      if (last === NAME) tokens[tokens.length - 1] = DEEP;
      else if (last !== DEEP) tokens.push(reading === 'sql' ? DEEP : NAME);
    } else tokens.push(code === UNDERSCORE ? ONE : code);
  }
  return tokens;
}

const PERCENT = 0x25;
const UNDERSCORE = 0x5f;

function globTokens(characters: readonly number[]): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const code = characters[at]!;
    if (code === STAR) {
      if (tokens.at(-1) !== DEEP) tokens.push(DEEP);
    } else if (code === QUESTION) tokens.push(ONE);
    else if (code === OPEN) {
      const { set, end } = readSet(characters, at + 1);
      tokens.push(set);
      at = end;
    } else tokens.push(code);
  }
  return tokens;
}

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
/** What a set that does not close fits. */
const NOTHING: CharacterSet = { negated: false, ranges: [] };

/** A set from behind its bracket on: `]` in the first place belongs to it, and so does `-` in the first or last. */
function readSet(characters: readonly number[], start: number): { set: CharacterSet; end: number } {
  let at = start;
  const negated = characters[at] === CARET;
  if (negated) at++;
  const ranges: [number, number][] = [];
  if (characters[at] === CLOSE) {
    ranges.push([CLOSE, CLOSE]);
    at++;
  }
  let before = 0;
  for (; at < characters.length && characters[at] !== CLOSE; at++) {
    const code = characters[at]!;
    const next = characters[at + 1];
    if (code === DASH && before > 0 && next !== undefined && next !== CLOSE) {
      ranges.push([before, next]);
      before = 0;
      at++;
    } else {
      ranges.push([code, code]);
      before = code;
    }
  }
  return { set: at < characters.length ? { negated, ranges } : NOTHING, end: at };
}

/** ASCII only, as SQLite has it without ICU. */
export function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

/** The characters that SQLite reads, `sqlite3Utf8Read` in `utf.c`; what is not UTF-8 it takes in its own way. */
export function charactersOf(text: string): number[] {
  if (text.isWellFormed()) return Array.from(text, (character) => character.codePointAt(0)!);
  const bytes = encodeText(text);
  const out: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let code = bytes[at++]!;
    if (code >= 0xc0) {
      code &=
        code < 0xe0 ? 0x1f : code < 0xf0 ? 0x0f : code < 0xf8 ? 0x07 : code < 0xfc ? 0x03 : code < 0xfe ? 0x01 : 0;
      while (at < bytes.length && (bytes[at]! & 0xc0) === 0x80) code = ((code << 6) | (bytes[at++]! & 0x3f)) >>> 0;
      if (code < 0x80 || (code & 0xfffff800) >>> 0 === 0xd800 || (code & 0xfffffffe) >>> 0 === 0xfffe) code = 0xfffd;
    }
    out.push(code);
  }
  return out;
}
