import { linesOf } from '../base/lines.ts';

/** A rule of `sudoers(5)`, cut after its first word. */
export interface SudoersRule {
  /** Who or what the rule is about, as it stands: a user, `%group`, `#uid`, `Defaults`, `User_Alias`, `@include`, … */
  readonly header: string;
  /** The rest without comments; lines that were continued are one. */
  readonly details: string;
  /** What the rule includes, where it does: the path as sudo reads it, quotes and escapes taken away. */
  readonly include?: { readonly path: string; readonly directory: boolean };
}

/** A quoted path may follow without a blank; `#includes` is a comment. */
const INCLUDE = /^[ \t]*([#@]include(dir)?)([ \t]|"|\\?$)/;

/** Rules as sudo's lexer (`toke.l`) parts them: `#1001` is a user id, `#` before anything else begins a comment. */
export function* parseSudoers(content: string): Generator<SudoersRule> {
  for (const rule of logicalLines(content)) {
    const [, header, directory] = INCLUDE.exec(rule) ?? [];
    if (header === undefined) {
      const end = wordEnd(rule, 0);
      yield { header: rule.slice(0, end), details: rule.slice(end).trimStart() };
      continue;
    }
    const rest = rule.slice(header.length).trimStart();
    const details = rest.slice(0, rest.startsWith('"') ? quoteEnd(rest, 0) : wordEnd(rest, 0));
    if (details !== '') yield { header, details, include: { path: unquote(details), directory: directory === 'dir' } };
  }
}

function* logicalLines(content: string): Generator<string> {
  let rule = '';
  let lexer = new Lexer();
  for (const text of linesOf(content)) {
    const line = text.trim();
    // In the path of an include a `#` is a character like others; who reads it takes the first word.
    const included = INCLUDE.test(rule === '' ? line : rule);
    const comment = included ? -1 : lexer.comment(line);
    const continued = comment < 0 && isContinued(line);
    rule += comment >= 0 ? line.slice(0, comment) : continued ? line.slice(0, -1) : line;
    if (continued) continue;
    if (rule.trim() !== '') yield rule.trim();
    rule = '';
    lexer = new Lexer();
  }
  if (rule.trim() !== '') yield rule.trim();
}

/** An odd number of backslashes at the end: two are one that is quoted. */
function isContinued(line: string): boolean {
  let count = 0;
  while (line[line.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

/** Where comments begin: what was read of a rule so far, over the ends of continued lines. */
class Lexer {
  #quoted = false;
  /** Within a command and its arguments quotes mean nothing. */
  #command = false;
  #wordStarts = true;
  #defaults: boolean | undefined;

  /** Where the comment of the next line of the rule begins; -1 without one. */
  comment(line: string): number {
    this.#defaults ??= line.startsWith('Defaults');
    for (let i = 0; i < line.length; i++) {
      const char = line[i]!;
      if (this.#quoted) {
        if (char === '\\' && line[i + 1] === '"') i++;
        else if (char === '"') this.#quoted = false;
        continue;
      }
      if (char === '#' && !/^#-?[0-9]/.test(line.slice(i, i + 3))) return i;
      if (char === '"' && !this.#command) this.#quoted = true;
      else if (char === '/' && this.#wordStarts && !this.#defaults) this.#command = true;
      else if (',:='.includes(char)) this.#command = false;
      this.#wordStarts = ' \t,:=!()'.includes(char);
      if (char === '\\') i++;
    }
    this.#wordStarts = true;
    return -1;
  }
}

/** The end of a word: blanks in quotes or behind a backslash belong to it. */
function wordEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/\s/.test(text[at]!)) {
    if (text[at] === '\\') at += 2;
    else if (text[at] === '"') at = quoteEnd(text, at);
    else at += 1;
  }
  return Math.min(at, text.length);
}

/** Behind the quote that ends what the one at `start` begins. */
function quoteEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' && text[at + 1] === '"' ? 2 : 1;
  return Math.min(at + 1, text.length);
}

/** A path in double quotes, or one whose blanks have a backslash before them. */
function unquote(path: string): string {
  return /^".*"$/s.test(path) ? path.slice(1, -1) : path.replace(/\\([\\" \t])/g, '$1');
}
