import type { SqlCollation, SqlFunction, SqlValue } from './function.ts';

/** Compares two versions as the package manager of a distribution does. */
type Compare = (a: string, b: string) => number;

/** Where a walk through one version is, and the token that stands there. */
interface Walk {
  readonly text: string;
  /** Where the next token is looked for. */
  at: number;
  /** Tokens of a lower rank sort first, whatever they hold. The end of the text is a token too, as often as asked for. */
  rank: number;
  /** The token from its first to before its last character; a number without its leading zeros. */
  from: number;
  to: number;
}

/** Steps to the next token. */
type Next = (walk: Walk) => void;

/**
 * Token by token: by rank, then numbers by value and words by their characters. The order of tokens is total, and this is
 * their lexicographic order, so that it is a total order of versions (up to versions that say the same).
 */
function compareTokens(a: string, b: string, next: Next): number {
  const left: Walk = { text: a, at: 0, rank: 0, from: 0, to: 0 };
  const right: Walk = { text: b, at: 0, rank: 0, from: 0, to: 0 };
  while (left.at < a.length || right.at < b.length) {
    next(left);
    next(right);
    const order = left.rank - right.rank || compareValues(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

function compareValues(left: Walk, right: Walk): number {
  const length = left.to - left.from;
  // Of two numbers without leading zeros the longer one is larger. BigInt would take quadratic time for a hostile version.
  if (isDigit(left.text, left.from) || isDigit(right.text, right.from)) {
    const longer = length - (right.to - right.from);
    if (longer !== 0) return longer;
  }
  return compareText(left.text.slice(left.from, left.to), right.text.slice(right.from, right.to));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function take(walk: Walk, rank: number, is: (text: string, at: number) => boolean): void {
  walk.rank = rank;
  walk.from = walk.at;
  while (is(walk.text, walk.at)) walk.at++;
  walk.to = walk.at;
}

function takeNumber(walk: Walk, rank: number): void {
  while (walk.text[walk.at] === '0') walk.at++;
  take(walk, rank, isDigit);
}

function takeNothing(walk: Walk, rank: number, characters: 0 | 1): void {
  walk.rank = rank;
  walk.at += characters;
  walk.from = walk.at;
  walk.to = walk.at;
}

/** Nothing is taken past the end of the text, where `charCodeAt` is NaN. */
function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at) | 0x20;
  return code >= 0x61 && code <= 0x7a;
}

/**
 * Debian policy, 5.6.12: a part that is not digits is compared character by character, `~` before the end, the end before
 * letters, letters before the rest; then digits as a number, where none is zero.
 */
function nextDpkg(walk: Walk): void {
  const { text, at } = walk;
  const end = 1;
  const letters = end + 1;
  const others = letters + 0x80;
  if (at >= text.length || isDigit(text, at)) takeNumber(walk, end);
  else if (text[at] === '~') takeNothing(walk, 0, 1);
  else takeNothing(walk, (isLetter(text, at) ? letters : others) + text.charCodeAt(at), 1);
}

/** rpm-version(7): separators only part; `~` sorts before the end, then the end, `^`, words, numbers. */
function nextRpm(walk: Walk): void {
  const { text } = walk;
  while (walk.at < text.length && !isRpmToken(text, walk.at)) walk.at++;
  if (text[walk.at] === '~') takeNothing(walk, 0, 1);
  else if (walk.at >= text.length) takeNothing(walk, 1, 0);
  else if (text[walk.at] === '^') takeNothing(walk, 2, 1);
  else if (isLetter(text, walk.at)) take(walk, 3, isLetter);
  else takeNumber(walk, 4);
}

function isRpmToken(text: string, at: number): boolean {
  return isDigit(text, at) || isLetter(text, at) || text[at] === '~' || text[at] === '^';
}

/**
 * vercmp(8): 1.0a < 1.0rc < 1.0 < 1.0.a < 1.0.1. A word that follows at once is older than the end; what follows
 * separators is newer, by the number of separators; numbers are newer than words.
 */
function nextArch(walk: Walk): void {
  const { text } = walk;
  const from = walk.at;
  while (walk.at < text.length && !isDigit(text, walk.at) && !isLetter(text, walk.at)) walk.at++;
  const separators = walk.at - from;
  if (walk.at >= text.length) takeNothing(walk, 1, 0);
  else if (isDigit(text, walk.at)) takeNumber(walk, 2 + 2 * separators);
  else take(walk, separators === 0 ? 0 : 1 + 2 * separators, isLetter);
}

interface PackageVersion {
  /** `0` where none is given. */
  readonly epoch: string;
  readonly version: string;
  /** Debian calls it revision. */
  readonly release: string | undefined;
}

/** `[epoch:]version[-release]`. */
function packageVersion(text: string): PackageVersion {
  let colon = 0;
  while (isDigit(text, colon)) colon++;
  const start = text[colon] === ':' ? colon + 1 : 0;
  const dash = text.lastIndexOf('-');
  const release = dash >= start ? text.slice(dash + 1) : undefined;
  return {
    epoch: start === 0 ? '0' : text.slice(0, colon),
    version: text.slice(start, release === undefined ? text.length : dash),
    release,
  };
}

/** What a release is against a version that has none. */
type Missing = 'any' | 'lowest' | 'zero';

function comparePackages(next: Next, missing: Missing): Compare {
  return (a, b) => {
    const [left, right] = [packageVersion(a), packageVersion(b)];
    const order = compareTokens(left.epoch, right.epoch, nextDpkg) || compareTokens(left.version, right.version, next);
    if (order !== 0) return order;
    if (missing !== 'zero' && (left.release === undefined || right.release === undefined)) {
      return missing === 'any' ? 0 : Number(left.release !== undefined) - Number(right.release !== undefined);
    }
    return compareTokens(left.release ?? '', right.release ?? '', next);
  };
}

const DELIMITERS = /[~^.:-]/;

/**
 * Versions in general: parts between delimiters, compared one by one. Of two parts the longer one is larger, else the one
 * whose characters are: right for numbers without leading zeros, and what osquery's users know for the rest.
 */
const compareGeneric: Compare = (a, b) => {
  const left = a.split(DELIMITERS);
  const right = b.split(DELIMITERS);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [part, other] = [left[i]!, right[i]!];
    const order = part.length - other.length || compareText(part, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
};

/**
 * A pair of versions is compared as pacman and rpm do it: without a release on one side, the release does not count.
 * In an order of many that cannot be (1-1 = 1 = 1-2, but 1-1 < 1-2), so there a version without one comes first.
 */
const PAIRS: ReadonlyMap<string, Compare> = new Map([
  ['ARCH', comparePackages(nextArch, 'any')],
  ['DPKG', comparePackages(nextDpkg, 'zero')],
  ['RHEL', comparePackages(nextRpm, 'any')],
]);

export const versionFunctions: readonly SqlFunction[] = [
  {
    name: 'version_compare',
    arity: { min: 0, max: 3 },
    accepts: 'value',
    description:
      '-1 if the first version is older, 0 if both are the same, 1 if it is newer. Third argument: `ARCH`, `DPKG` or ' +
      '`RHEL` for the rules of that package manager',
    example: "version_compare('1.0~rc1-2', '1.0-1', 'DPKG')",
    call(a: SqlValue, b: SqlValue, flavour?: SqlValue) {
      if (typeof a !== 'string' || typeof b !== 'string') {
        throw new Error('Must provide two version strings to compare.');
      }
      if (flavour === undefined) return Math.sign(compareGeneric(a, b));
      if (typeof flavour !== 'string') throw new Error('The optional third parameter is not a string.');
      const compare = PAIRS.get(flavour.toUpperCase());
      if (compare === undefined) {
        throw new Error('The optional third parameter does not match one of: (ARCH, DPKG, RHEL).');
      }
      return Math.sign(compare(a, b));
    },
  },
];

export const versionCollations: readonly SqlCollation[] = [
  { name: 'version', compare: compareGeneric },
  { name: 'version_arch', compare: comparePackages(nextArch, 'lowest') },
  { name: 'version_dpkg', compare: comparePackages(nextDpkg, 'zero') },
  { name: 'version_rhel', compare: comparePackages(nextRpm, 'lowest') },
];
