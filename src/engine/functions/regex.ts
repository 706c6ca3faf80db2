import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { monotonicNow } from '../../base/clock.ts';
import { integerOf, onTexts } from './coerce.ts';
import type { SqlFunction } from './function.ts';

const require = createRequire(import.meta.url);

export interface RegexOptions {
  /** Bytes of a pattern at most, `--regex_max_size`. */
  readonly regexMaxSize?: number | undefined;
  /** Throws when the statement is to stop. */
  readonly check?: (() => void) | undefined;
}

const DEFAULT_MAX_SIZE = 256;
/** Compiled patterns kept; each may come to hold 8 MB of states. */
const MAX_COMPILED = 16;
/** Instructions of a compiled pattern: `(a{1000}){30}` fits in 256 bytes, takes 200 ms to compile and 60 MB. */
const MAX_PROGRAM = 10_000;
/** Instructions times UTF-16 units of text in one search. At worst each takes 40 ns: 10 s. */
const MAX_WORK = 250_000_000;
/** For all searches of one split, which is quadratic where each search looks at all that is left. */
const MAX_MILLISECONDS = 10_000;

const UNSUPPORTED = /\(\?<?[=!]|\\[1-9]/;

/**
 * Patterns of a query run over text of a machine, both possibly hostile, so they run in linear time (RE2). The dialect is
 * ECMAScript's, less look-around and backreferences, which are what makes a search exponential.
 */
export function regexFunctions({ regexMaxSize = DEFAULT_MAX_SIZE, check }: RegexOptions): readonly SqlFunction[] {
  const compile = compiler(regexMaxSize);
  return [
    onTexts({
      name: 'regex_match',
      arity: 3,
      description:
        'What a regular expression first matches: all of it (0) or one of its groups (from 1). NULL where nothing ' +
        'matches or there is no such group',
      example: "regex_match('hello world', '(\\w+) (\\w+)', 2)",
      call(text: string, pattern: string, group: string) {
        const matcher = within(compile(pattern), text).matcher(text);
        const index = integerOf(group);
        if (!matcher.find() || !(index >= 0 && index <= matcher.groupCount())) return null;
        return matcher.group(index) ?? '';
      },
    }),
    onTexts({
      name: 'regex_split',
      arity: 3,
      description:
        'One of the pieces, counted from 0, between the matches of a regular expression. An empty piece counts, but ' +
        'not at the end; a piece that is not there is NULL',
      example: "regex_split('one; two, three', '[;,] *', 1)",
      call(text: string, pattern: string, index: string) {
        if (pattern === '') throw new Error('Invalid input to split function');
        return piece(within(compile(pattern), text), text, integerOf(index), check);
      },
    }),
    onTexts({
      name: 'regexp',
      arity: 2,
      description:
        'Whether a regular expression (first) matches anywhere in a text; also written `text REGEXP pattern`',
      example: "'osquery' REGEXP '^os'",
      call: (pattern: string, text: string) => within(compile(pattern), text).matcher(text).find(),
    }),
  ];
}

/** The last patterns used stay compiled, the one used longest ago goes first. */
function compiler(maxSize: number): (pattern: string) => RE2JS {
  const compiled = new Map<string, RE2JS>();
  return (pattern) => {
    let regex = compiled.get(pattern);
    if (regex === undefined) {
      if (Buffer.byteLength(pattern) > maxSize) {
        throw new Error(`Invalid regex: too big, max size is ${maxSize} bytes`);
      }
      regex = compile(pattern);
      if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value!);
    } else compiled.delete(pattern);
    compiled.set(pattern, regex);
    return regex;
  };
}

function compile(pattern: string): RE2JS {
  const { RE2JS } = require('re2js') as typeof import('re2js');
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch {
    throw new Error(
      UNSUPPORTED.test(pattern) ? 'Invalid regex: look-around and backreferences are not supported' : 'Invalid regex',
    );
  }
  if (regex.programSize() > MAX_PROGRAM) throw new Error('Invalid regex: its repetitions are too many');
  return regex;
}

/** `regex`, if it is quick enough for one look at the whole text. */
function within(regex: RE2JS, text: string): RE2JS {
  if (regex.programSize() * text.length > MAX_WORK) {
    throw new Error(`the regex is too complex for a text of ${text.length} characters`);
  }
  return regex;
}

function piece(regex: RE2JS, text: string, index: number, check: (() => void) | undefined): string | null {
  const matcher = regex.matcher(text);
  const deadline = monotonicNow() + MAX_MILLISECONDS;
  let start = 0;
  let left = index;
  let matched = false;
  for (; matcher.find(); left--) {
    matched = true;
    if (left === 0) return text.slice(start, matcher.start());
    start = matcher.end();
    check?.();
    if (monotonicNow() > deadline) throw new Error(`the regex takes more than ${MAX_MILLISECONDS} ms`);
  }
  return left === 0 && (start < text.length || !matched) ? text.slice(start) : null;
}
