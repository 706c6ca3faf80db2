/** A cell as a query returns it: SQLite's own text of the value, and what the value is. */
export interface LoggedCell {
  /** Null is SQL's NULL. */
  readonly text: string | null;
  readonly type: 'NULL' | 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB';
}

/**
 * A row as a JSON object in one canonical text: keys in the order of their bytes, numbers as JSON numbers with all their
 * digits, anything else as text, NULL as the empty one. Two rows are the same if their texts are; osquery compares them so.
 */
export type RowText = string & { readonly rowText: unique symbol };

/** Makes rows of one result, whose columns are named so; of two equal names the last is the row's. */
export function rowEncoder(names: readonly string[]): (cells: readonly LoggedCell[]) => RowText {
  const last = new Map(names.map((name, index) => [name, index]));
  const keys = [...last]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, index], i) => ({ index, before: `${i === 0 ? '{' : ','}${quoted(name)}:` }));
  return (cells) => {
    let text = keys.length === 0 ? '{' : '';
    for (const { index, before } of keys) text += before + encoded(cells[index]!);
    return `${text}}` as RowText;
  };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The first character that no number has. */
const NUMBER_END = /[^\d.eE+-]/g;

/**
 * The row with every number as a text, as osquery logs it unless `--logger_numerics` is set. By text and not by value, so
 * that numbers keep all digits, and keys that are numbers their place. A regular expression for a whole text would need
 * stack for each character, and a cell of 8 MB more than there is.
 */
export function withTexts(row: RowText): string {
  let out = '';
  let copied = 0;
  let at = 0;
  while (at < row.length) {
    const unit = row.charCodeAt(at);
    if (unit === QUOTE) at = endOfText(row, at);
    else if (startsNumber(unit)) {
      const end = endOfNumber(row, at);
      out += `${row.slice(copied, at)}"${row.slice(at, end)}"`;
      copied = end;
      at = end;
    } else at += 1;
  }
  return out + row.slice(copied);
}

/** Behind the quote that ends the text that begins at `start`: one with an even number of backslashes before it. */
function endOfText(row: string, start: number): number {
  for (let quote = row.indexOf('"', start + 1); quote >= 0; quote = row.indexOf('"', quote + 1)) {
    let first = quote;
    while (row.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((quote - first) % 2 === 0) return quote + 1;
  }
  return row.length;
}

function startsNumber(unit: number): boolean {
  return (unit >= 0x30 && unit <= 0x39) || unit === 0x2d;
}

function endOfNumber(row: string, start: number): number {
  NUMBER_END.lastIndex = start + 1;
  return NUMBER_END.exec(row)?.index ?? row.length;
}

/** `-0`, `1.5`, `1e+20`: what JSON takes for a number. SQLite also writes `Inf`. */
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function encoded({ text, type }: LoggedCell): string {
  if (text === null) return '""';
  const number = (type === 'INTEGER' || type === 'REAL') && JSON_NUMBER.test(text);
  return number ? text : quoted(text);
}

function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed());
}
