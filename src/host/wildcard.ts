/**
 * Wildcards of one path component, as `glob(7)` has them and with osquery's `%` for `*`: `%` and `*` any text, `?` one
 * character, `[a-z]` `[!a-z]` one of a set, `\` takes the next character as it is. Case counts.
 */

/**
 * Whether a name fits; undefined for a component that has no wildcard and stands for itself. `all`: a wildcard shows hidden
 * files, too.
 */
export function wildcard(component: string, { all = false } = {}): ((name: string) => boolean) | undefined {
  const tokens = tokenize(component);
  if (tokens.every((token) => typeof token === 'string')) return undefined;
  // Said aloud or not at all: a wildcard does not show hidden files, glob(7).
  const hidden = all || tokens[0] === '.';
  const fits = matcher(tokens);
  return (name) => (hidden || !name.startsWith('.')) && fits(name);
}

/** The name that a component without wildcards stands for. */
export function literal(component: string): string {
  return tokenize(component).join('');
}

/** `{a,b}` written out (csh): every pattern it stands for, the first 1,000; of a very long one none. */
export function alternatives(pattern: string): string[] {
  // No path is longer than 4,096 bytes, and a pattern may come out of a column.
  if (pattern.length > MAX_PATTERN) return [pattern];
  const done: string[] = [];
  const pending = [pattern];
  while (pending.length > 0 && done.length + pending.length <= MAX_ALTERNATIVES) {
    const next = pending.pop()!;
    const options = firstBrace(next, MAX_ALTERNATIVES);
    if (options === undefined) done.push(next);
    else for (const option of options.reverse()) pending.push(option);
  }
  return done;
}

const MAX_ALTERNATIVES = 1000;
const MAX_PATTERN = 64 * 1024;

/** A character; any text; any character; a set. */
type Token = string | typeof ANY | typeof ONE | CharacterSet;
interface CharacterSet {
  readonly negated: boolean;
  /** Inclusive code points. */
  readonly ranges: readonly (readonly [number, number])[];
}
const ANY = Symbol('any text');
const ONE = Symbol('any character');

function tokenize(component: string): Token[] {
  const characters = [...component];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === '%' || character === '*') {
      if (tokens.at(-1) !== ANY) tokens.push(ANY);
    } else if (character === '?') {
      tokens.push(ONE);
    } else if (character === '[') {
      const set = readSet(characters, at);
      tokens.push(set?.token ?? character);
      at = set?.end ?? at;
    } else if (character === '\\' && at + 1 < characters.length) {
      tokens.push(characters[++at]!);
    } else {
      tokens.push(character);
    }
  }
  return tokens;
}

/** The set that opens at `start`; undefined where none closes, and the bracket stands for itself. */
function readSet(characters: readonly string[], start: number): { token: CharacterSet; end: number } | undefined {
  let at = start + 1;
  const negated = characters[at] === '!' || characters[at] === '^';
  if (negated) at++;
  const ranges: [number, number][] = [];
  for (let first = true; at < characters.length; first = false) {
    // A closing bracket in the first place belongs to the set.
    if (characters[at] === ']' && !first) return { token: { negated, ranges }, end: at };
    if (characters[at] === '\\' && at + 1 < characters.length) at++;
    const low = characters[at]!.codePointAt(0)!;
    const last = characters[at + 2];
    if (characters[at + 1] === '-' && last !== undefined && last !== ']') {
      ranges.push([low, last.codePointAt(0)!]);
      at += 3;
    } else {
      ranges.push([low, low]);
      at += 1;
    }
  }
  return undefined;
}

function matcher(tokens: readonly Token[]): (name: string) => boolean {
  if (tokens.every((token) => typeof token === 'string' || token === ANY)) {
    // Only `*`: the pieces between them, found one after the other.
    const [head = '', ...rest] = tokens
      .map((token) => (token === ANY ? '/' : token))
      .join('')
      .split('/');
    const tail = rest.pop() ?? '';
    return (name) => fitsPieces(name, head, rest, tail);
  }
  return (name) => fitsTokens([...name], tokens);
}

function fitsPieces(name: string, head: string, middle: readonly string[], tail: string): boolean {
  if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
  let at = head.length;
  for (const piece of middle) {
    at = name.indexOf(piece, at);
    if (at < 0) return false;
    at += piece.length;
  }
  return at <= name.length - tail.length;
}

/** Takes the shortest text for each `*` and goes back to the last one only: never more than tokens x characters steps. */
function fitsTokens(characters: readonly string[], tokens: readonly Token[]): boolean {
  let at = 0;
  let token = 0;
  let star = -1;
  let starAt = 0;
  while (at < characters.length) {
    if (token < tokens.length && tokens[token] === ANY) {
      star = token++;
      starAt = at;
    } else if (token < tokens.length && fitsOne(characters[at]!, tokens[token]!)) {
      at++;
      token++;
    } else if (star >= 0) {
      at = ++starAt;
      token = star + 1;
    } else {
      return false;
    }
  }
  while (tokens[token] === ANY) token++;
  return token === tokens.length;
}

function fitsOne(character: string, token: Token): boolean {
  if (typeof token === 'string') return token === character;
  if (typeof token === 'symbol') return true;
  const code = character.codePointAt(0)!;
  return token.ranges.some(([low, high]) => code >= low && code <= high) !== token.negated;
}

/**
 * The pattern with its first brace replaced by each of its options, the first `limit`; undefined where there is none. In one
 * pass: a pattern may have come out of a column, and be as long as a user likes.
 */
function firstBrace(pattern: string, limit: number): string[] | undefined {
  const brace = firstClosed(pattern);
  if (brace === undefined) return undefined;
  const { start, end } = brace;
  const cuts = [start];
  let depth = 0;
  for (let at = start; at < end && cuts.length < limit; at++) {
    if (pattern[at] === '{') depth++;
    else if (pattern[at] === '}') depth--;
    else if (pattern[at] === ',' && depth === 1) cuts.push(at);
  }
  // Of more options than are wanted the last is cut off.
  if (cuts.length < limit) cuts.push(end);
  return cuts
    .slice(0, -1)
    .map((cut, i) => pattern.slice(0, start) + pattern.slice(cut + 1, cuts[i + 1]) + pattern.slice(end + 1));
}

/** The first brace that closes and has something in it; others stand for themselves. */
function firstClosed(pattern: string): { readonly start: number; readonly end: number } | undefined {
  const open: number[] = [];
  let first: { readonly start: number; readonly end: number } | undefined;
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === '{') open.push(at);
    else if (pattern[at] === '}') {
      const start = open.pop();
      if (start !== undefined && at - start > 1 && (first === undefined || start < first.start))
        first = { start, end: at };
    }
  }
  return first;
}
