import { encodeText } from '../base/text.ts';

/**
 * Patterns as SQLite compares them (`patternCompare` in `func.c`), read character by character, so that a walk knows of each
 * directory whether something below it can fit.
 */

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
type Token = typeof DEEP | typeof NAME | typeof ONE | CharacterSet | number;
interface CharacterSet {
  readonly negated: boolean;
  /** Inclusive code points. */
  readonly ranges: readonly (readonly [number, number])[];
}
const DEEP = Symbol('any text');
const NAME = Symbol('any text without a slash');
const ONE = Symbol('any character');

const SLASH = 0x2f;
const ASCII = 0x80;

/** What of a pattern may come next, after some text. */
export interface State {
  /** Places in the pattern, ascending. */
  readonly places: readonly number[];
  /** The text so far fits. */
  readonly fits: boolean;
  /** No text that begins so fits. */
  readonly dead: boolean;
  /** Every text that begins so fits. */
  readonly all: boolean;
  /** A wildcard that goes down all levels has begun. */
  readonly deep: boolean;
}

/** A state with the states after each ASCII character, made when they are first wanted. */
interface Node extends State {
  readonly next: (Node | undefined)[];
  ended: boolean | undefined;
}

/** States kept by pattern; a pattern of a hundred wildcards could have more than memory holds. */
const MAX_STATES = 1000;

/**
 * One pattern in one of two readings: as SQL has it, where `%` goes through slashes; or by levels, where a `%` alone, and a
 * `_` beside such a one, stays within a name, and only `%%` goes down (`docs/adr/0028-patterns-of-paths.md`).
 */
export class SqlPattern {
  /** The text up to the first wildcard, as written; with PREFIX, whose case is not known, up to the first letter. */
  readonly literal: string;
  /** The pattern has no wildcard: it is `literal`. */
  readonly isLiteral: boolean;
  /** It ends in a slash: only directories fit. */
  readonly slash: boolean;
  /** No wildcard but a deep one is a slash. */
  readonly staysInNames: boolean;
  /** It has a wildcard that goes down all levels. */
  readonly goesDown: boolean;
  /** It begins with a wildcard that stays within a name. */
  readonly adrift: boolean;
  readonly #tokens: readonly Token[];
  /** Of each token that is a character, that character as written. */
  readonly #written: readonly number[];
  readonly #ignoreCase: boolean;
  readonly #nodes = new Map<string, Node>();
  readonly #start: Node;

  constructor(operator: SqlOperator, pattern: string, reading: 'sql' | 'levels') {
    // To SQLite the pattern ends there.
    const end = pattern.indexOf('\0');
    const text = end < 0 ? pattern : pattern.slice(0, end);
    this.#ignoreCase = operator !== 'GLOB' && operator !== 'RTRIM';
    const written: number[] = [];
    this.#tokens = tokensOf(operator, text, reading).map((token, i) => {
      if (typeof token !== 'number') return token;
      written[i] = token;
      return this.#ignoreCase ? lower(token) : token;
    });
    this.#written = written;
    const literals = literalLength(operator, this.#tokens);
    this.isLiteral = literals === this.#tokens.length;
    this.literal = this.isLiteral ? text : text.slice(0, unitsOf(text, literals));
    this.staysInNames = this.#tokens.includes(NAME);
    this.goesDown = this.#tokens.includes(DEEP);
    this.slash = text.endsWith('/');
    this.adrift = this.#tokens[0] === NAME;
    this.#start = this.#node([0]);
  }

  /** The state before any text; or after the slash that an absolute path begins with, which a wildcard may stand for. */
  begin(absolute: boolean): State {
    if (!absolute) return this.#start;
    return this.adrift ? this.#node([0, ...this.#step(this.#start, SLASH)]) : this.after(this.#start, '/');
  }

  /** The state after more text, which is whole names. */
  after(state: State, text: string): State {
    let node = state as Node;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= ASCII) return this.#afterAll(node, text.slice(i));
      node = node.next[code] ?? this.#ascii(node, code);
      if (node.dead) return node;
    }
    return node;
  }

  /** Whether the text with a slash at its end fits, as SQL reads that slash. */
  ended(state: State): boolean {
    const node = state as Node;
    node.ended ??= this.#node(this.#step(node, SLASH, true)).fits;
    return node.ended;
  }

  /** Of the ways on from `state`, those that are none of `others`; undefined if there are none. */
  without({ places }: State, others: State): State | undefined {
    const rest = others.all ? [] : places.filter((place) => !others.places.includes(place));
    return rest.length === 0 ? undefined : this.#node(rest);
  }

  /** The names that may come next and hold no wildcard, as written. */
  names({ places }: State): string[] {
    return places.flatMap((place) => {
      let end = place;
      while (typeof this.#tokens[end] === 'number' && this.#tokens[end] !== SLASH) end++;
      const isName = end > place && (end === this.#tokens.length || this.#tokens[end] === SLASH);
      return isName ? [String.fromCodePoint(...this.#written.slice(place, end))] : [];
    });
  }

  #afterAll(state: Node, text: string): State {
    let node = state;
    for (const code of charactersOf(text)) {
      node = code < ASCII ? (node.next[code] ?? this.#ascii(node, code)) : this.#node(this.#step(node, code));
      if (node.dead) return node;
    }
    return node;
  }

  #ascii(node: Node, code: number): Node {
    const next = this.#node(this.#step(node, code));
    node.next[code] = next;
    return next;
  }

  #step({ places }: State, code: number, any = !this.staysInNames): number[] {
    const out: number[] = [];
    const within = code === SLASH && !any;
    for (const place of places) {
      const token = this.#tokens[place];
      if (token === DEEP || (token === NAME && !within)) out.push(place);
      else if (token === NAME || token === undefined) continue;
      else if (token === ONE ? !within : this.#fitsOne(token, code)) out.push(place + 1);
    }
    return out;
  }

  #fitsOne(token: number | CharacterSet, code: number): boolean {
    if (typeof token === 'number') return token === (this.#ignoreCase ? lower(code) : code);
    return token.ranges.some(([low, high]) => code >= low && code <= high) !== token.negated;
  }

  #node(reached: readonly number[]): Node {
    const places: number[] = [];
    for (const first of reached) {
      // A wildcard may be no text at all.
      for (let place = first; places.length === 0 || place > places.at(-1)!; place++) {
        places.push(place);
        const token = this.#tokens[place];
        if (token !== DEEP && token !== NAME) break;
      }
    }
    const key = places.join();
    let node = this.#nodes.get(key);
    if (node === undefined) {
      const end = this.#tokens.length;
      node = {
        places,
        fits: places.at(-1) === end,
        dead: places.length === 0,
        all: this.#tokens[end - 1] === DEEP && places.includes(end - 1),
        deep: places.some((place) => this.#tokens[place] === DEEP),
        next: [],
        ended: undefined,
      };
      if (this.#nodes.size >= MAX_STATES) this.#nodes.clear();
      this.#nodes.set(key, node);
    }
    return node;
  }
}

/** Whether what fits from `state` on fits from `other` on, too. */
export function isPartOf(state: State, other: State): boolean {
  return state === other || other.all || state.places.every((place) => other.places.includes(place));
}

function tokensOf(operator: SqlOperator, text: string, reading: 'sql' | 'levels'): Token[] {
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

function literalLength(operator: SqlOperator, tokens: readonly Token[]): number {
  const fixed = (token: Token) => typeof token === 'number' && !(operator === 'PREFIX' && isLetter(token));
  const end = tokens.findIndex((token) => !fixed(token));
  return end < 0 ? tokens.length : end;
}

/** Length of so many characters in a text. */
function unitsOf(text: string, characters: number): number {
  return text.isWellFormed()
    ? [...text].slice(0, characters).join('').length
    : Math.min(characters, text.search(ESCAPE));
}

function isLetter(code: number): boolean {
  return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
}

/** ASCII only, as SQLite has it without ICU. */
function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

/** A byte that is not UTF-8, in `base/text`; the second half of a pair, too. */
const ESCAPE = /[\udc80-\udcff]/;

/** The characters that SQLite reads, `sqlite3Utf8Read` in `utf.c`; what is not UTF-8 it takes in its own way. */
function charactersOf(text: string): number[] {
  if (text.isWellFormed()) return Array.from(text, (character) => character.codePointAt(0)!);
  const bytes = encodeText(text);
  const out: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let code = bytes[at++]!;
    if (code >= 0xc0) {
      code &=
        code < 0xe0 ? 0x1f : code < 0xf0 ? 0x0f : code < 0xf8 ? 0x07 : code < 0xfc ? 0x03 : code < 0xfe ? 0x01 : 0;
      while (at < bytes.length && (bytes[at]! & 0xc0) === 0x80) code = ((code << 6) | (bytes[at++]! & 0x3f)) >>> 0;
      if (code < ASCII || (code & 0xfffff800) >>> 0 === 0xd800 || (code & 0xfffffffe) >>> 0 === 0xfffe) code = 0xfffd;
    }
    out.push(code);
  }
  return out;
}
