import { MalformedInput } from '../base/errors.ts';

/** Another file of rules that one includes. */
export interface YaraInclude {
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

/** Includes of one file: far more than any index of a collection has. */
const MAX_INCLUDES = 10_000;

/** What a slash after it begins is a regular expression; after all else it is a division. */
const BEFORE_REGEXP = /(?:[=(,]|\bmatches)\s*$/;
/** Characters before a slash that are looked at. */
const BEFORE = 64;

/** Where something begins in which an include is none: comments, strings, regular expressions, rules. */
const TOKEN = /\/\/[^\n]*|\/\*|"|\/|[{}]|\binclude\b/g;
const INCLUDED = /\s*"([^"\\\n]*)"/y;

/**
 * The `include` statements of a file of rules, and its text with blanks in their place: lines and columns stay. They are
 * between rules; what looks like one in a rule, a string or a comment is none.
 */
export function parseYaraIncludes(
  text: string,
  source: string,
): { readonly text: string; readonly includes: readonly YaraInclude[] } {
  const includes: YaraInclude[] = [];
  const kept: string[] = [];
  let from = 0;
  let depth = 0;
  let line = 1;
  let counted = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const { 0: token, index } = match;
    const after = index + token.length;
    if (token === '{') depth += 1;
    else if (token === '}') depth = Math.max(0, depth - 1);
    else if (token === '/*') TOKEN.lastIndex = endOf(text, '*/', after);
    else if (token === '"') TOKEN.lastIndex = endOfQuoted(text, '"', after);
    else if (token === '/') {
      if (BEFORE_REGEXP.test(text.slice(Math.max(0, index - BEFORE), index)))
        TOKEN.lastIndex = endOfQuoted(text, '/', after);
    } else if (token === 'include' && depth === 0) {
      INCLUDED.lastIndex = after;
      const found = INCLUDED.exec(text);
      if (found === null) continue;
      for (; counted < index; counted++) if (text[counted] === '\n') line += 1;
      if (includes.length === MAX_INCLUDES) throw new MalformedInput(source, line, 'includes too much', 'line');
      includes.push({ path: found[1]!, line });
      const end = after + found[0].length;
      kept.push(text.slice(from, index), text.slice(index, end).replace(/[^\n]/g, ' '));
      from = end;
      TOKEN.lastIndex = end;
    }
  }
  return { text: includes.length === 0 ? text : kept.join('') + text.slice(from), includes };
}

function endOf(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found < 0 ? text.length : found + end.length;
}

/** After the quote that is not escaped, or at the end of the line: neither goes over it. */
function endOfQuoted(text: string, quote: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === quote) return at + 1;
    else if (character === '\n') return at;
  }
  return text.length;
}
