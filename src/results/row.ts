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

/** A text or a number of a row; in between there is only punctuation. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[-\d][\d.eE+-]*/g;

/**
 * The row with every number as a text, as osquery logs it unless `--logger_numerics` is set. By text and not by value, so
 * that numbers keep all digits, and keys that are numbers their place.
 */
export function withTexts(row: RowText): string {
  return row.replace(TOKEN, (token) => (token.startsWith('"') ? token : `"${token}"`));
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
