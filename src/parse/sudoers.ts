import { linesOf } from '../base/lines.ts';

/** A rule of `sudoers(5)`, cut after its first word. */
export interface SudoersRule {
  /** Who or what the rule is about: a user, `%group`, `Defaults`, `User_Alias`, `@include`, … */
  readonly header: string;
  readonly details: string;
  /** What the rule includes, where it does: the path as sudo reads it, quotes and escapes taken away. */
  readonly include?: { readonly path: string; readonly directory: boolean };
}

/** Lines continued with a backslash are one rule. Comments are skipped; `#include` and `#includedir` are none. */
export function* parseSudoers(content: string): Generator<SudoersRule> {
  for (const rule of logicalLines(content)) {
    const [, header, details] = /^(\S+)\s*(.*)$/s.exec(rule)!;
    const include = /^[#@]include(dir)?$/.exec(header!);
    if (include === null) yield { header: header!, details: details! };
    else if (details !== '') {
      yield {
        header: header!,
        details: details!,
        include: { path: unquote(details!), directory: include[1] === 'dir' },
      };
    }
  }
}

function* logicalLines(content: string): Generator<string> {
  let rule = '';
  let continued = false;
  for (const text of linesOf(content)) {
    const line = text.trim();
    if (!continued && (line === '' || (line.startsWith('#') && !/^#include(dir)?\s/.test(line)))) continue;
    continued = line.endsWith('\\');
    rule += continued ? line.slice(0, -1) : line;
    if (continued) continue;
    if (rule.trim() !== '') yield rule.trim();
    rule = '';
  }
  if (rule.trim() !== '') yield rule.trim();
}

/** A path in double quotes, or one whose blanks have a backslash before them. */
function unquote(path: string): string {
  return /^".*"$/s.test(path) ? path.slice(1, -1) : path.replace(/\\(.)/gs, '$1');
}
