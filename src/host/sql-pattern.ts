import {
  type CharacterSet,
  charactersOf,
  DEEP,
  lower,
  NAME,
  ONE,
  type SqlOperator,
  type Token,
  tokensOf,
} from './sql-tokens.ts';

/**
 * Patterns as SQLite compares them (`patternCompare` in `func.c`), read character by character, so that a walk knows of each
 * directory whether something below it can fit.
 */

/** What stands before the first wildcard; before the first letter, where its case is not known. */
const LITERAL: Readonly<Record<SqlOperator, RegExp>> = {
  LIKE: /^[^%_]*/,
  GLOB: /^[^*?[]*/,
  NOCASE: /^.*/s,
  RTRIM: /^.*?(?= *$)/s,
  PREFIX: /^[^a-z]*/i,
};

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
  /** A directory may fit with a slash at its end; what is only known to begin so is tried without. */
  readonly marks: boolean;
  /** It begins with a wildcard that stays within a name. */
  readonly adrift: boolean;
  /** It begins with any wildcard but one of a single character. */
  readonly anywhere: boolean;
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
    this.literal = LITERAL[operator].exec(text)![0];
    this.isLiteral = this.literal === text && operator !== 'PREFIX' && operator !== 'RTRIM';
    this.staysInNames = this.#tokens.includes(NAME);
    this.marks = operator !== 'PREFIX' && operator !== 'RTRIM';
    this.goesDown = this.#tokens.includes(DEEP);
    this.slash = this.marks && text.endsWith('/');
    this.adrift = this.#tokens[0] === NAME;
    this.anywhere = this.adrift || this.#tokens[0] === DEEP;
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
    if (!this.marks) return false;
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
      if (this.#nodes.size >= MAX_STATES) this.#forget();
      this.#nodes.set(key, node);
    }
    return node;
  }

  /** States hold each other: they are let go together. One in use makes its next ones anew. */
  #forget(): void {
    for (const node of [this.#start, ...this.#nodes.values()]) node.next.length = 0;
    this.#nodes.clear();
  }
}

/** Whether what fits from `state` on fits from `other` on, too. */
export function isPartOf(state: State, other: State): boolean {
  return state === other || other.all || state.places.every((place) => other.places.includes(place));
}
