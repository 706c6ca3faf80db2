import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A table of osquery 5.23, as a fact to be compatible with. */
export interface ReferenceTable {
  readonly name: string;
  readonly platforms: readonly string[];
  readonly aliases?: readonly string[];
  readonly event?: true;
  readonly cacheable?: true;
  readonly user_data?: true;
  readonly columns: readonly ReferenceColumn[];
}

export interface ReferenceColumn {
  readonly name: string;
  /** `DATETIME` is a text. */
  readonly type: string;
  readonly required?: true;
  readonly index?: true;
  readonly additional?: true;
  readonly optimized?: true;
  readonly hidden?: true;
  readonly collate?: string;
  readonly aliases?: readonly string[];
  readonly platforms?: readonly string[];
}

const reference = (name: string) => readFileSync(join(import.meta.dirname, 'reference', name), 'utf8');

export const referenceTables: ReadonlyMap<string, ReferenceTable> = new Map(
  (JSON.parse(reference('tables.json')) as ReferenceTable[]).map((table) => [table.name, table]),
);

/** Hashes of osquery's descriptions of five words or more, a line each: the words in lower case, one space between. */
const descriptionsOfOsquery = new Set(reference('descriptions.txt').split('\n'));

/** Whether osquery describes something in these very words; ours are written anew. */
export function isDescriptionOfOsquery(description: string): boolean {
  const words = description.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const hash = createHash('sha256').update(words.join(' ')).digest('hex').slice(0, 12);
  return descriptionsOfOsquery.has(hash);
}
