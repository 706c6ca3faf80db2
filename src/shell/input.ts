/**
 * Whether `sql` ends in a semicolon that ends a statement: not one in a text, a name in quotes, a comment or the body of
 * a trigger. What `sqlite3_complete` says, without SQLite.
 */
export function isComplete(sql: string): boolean {
  let complete = false;
  let words = '';
  for (const [token] of sql.matchAll(TOKENS)) {
    if (token.startsWith('--') || token.startsWith('/*') || token.trim() === '') continue;
    if (token === ';') {
      const trigger = /^create (temp |temporary )?trigger /.test(words);
      complete = !trigger || words.endsWith(' end ');
    } else {
      complete = false;
      // Enough to know a trigger by its beginning and its end.
      if (/^\w/.test(token))
        words =
          words.length < 200 ? `${words}${token.toLowerCase()} ` : `${words.slice(0, 100)} ${token.toLowerCase()} `;
    }
  }
  return complete;
}

/** An unfinished comment or quote swallows the rest. Every branch consumes at least a character: linear time. */
const TOKENS =
  /--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|'[^']*(?:'|$)|"[^"]*(?:"|$)|`[^`]*(?:`|$)|\[[^\]]*(?:\]|$)|\w+|\s+|[\s\S]/g;

/** Whether there is nothing in it but white space and comments. */
export function isBlank(sql: string): boolean {
  for (const [token] of sql.matchAll(TOKENS)) {
    const comment = token.startsWith('--') || (token.startsWith('/*') && token.endsWith('*/'));
    if (!comment && token.trim() !== '') return false;
  }
  return true;
}

/** Splits a dot-command into words: white space separates, single and double quotes keep together, `\` escapes in the latter. */
export function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'?|"((?:\\.|[^"\\])*)"?|(\S+)/g)].map(([, single, double, bare]) =>
    single !== undefined ? single : unescapeBackslashes(double ?? bare ?? ''),
  );
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\', '"': '"', "'": "'" };

function unescapeBackslashes(text: string): string {
  return text.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
