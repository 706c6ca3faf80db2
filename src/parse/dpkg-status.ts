/** One package of dpkg's status file, `dpkg-query(1)` and deb-control(5). */
export interface DpkgPackage {
  /** The value of a field, in whatever case its name is written; without the lines that continue it. */
  field(name: string): string;
}

/**
 * The packages of `/var/lib/dpkg/status`, whose paragraphs are parted by blank lines. Fields are looked up when they are
 * asked for: of 30 a query reads a few.
 */
export function* parseDpkgStatus(content: string): Generator<DpkgPackage> {
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf('\n\n', start);
    const paragraph = content.slice(start, end < 0 ? content.length : end);
    start = end < 0 ? content.length : end + 2;
    if (paragraph.trim() !== '') yield { field: (name) => field(paragraph, name) };
  }
}

/**
 * Packages as `dpkg-query` sees them while dpkg runs, or after it broke off: what the files in `updates` say replaces what
 * `status` says of the same package. Only packages that may be there for several architectures have one entry for each.
 */
export function withUpdates(packages: Iterable<DpkgPackage>, updates: Iterable<DpkgPackage>): Iterable<DpkgPackage> {
  const newer = [...updates];
  if (newer.length === 0) return packages;
  const all = new Map<string, DpkgPackage[]>();
  for (const one of packages) entriesOf(all, one).push(one);
  for (const one of newer) {
    const entries = entriesOf(all, one);
    const at = entries.findIndex((other) => isSame(one, other));
    if (at < 0) entries.push(one);
    else entries[at] = one;
  }
  return [...all.values()].flat();
}

function entriesOf(all: Map<string, DpkgPackage[]>, { field }: DpkgPackage): DpkgPackage[] {
  const name = field('Package');
  const entries = all.get(name) ?? [];
  all.set(name, entries);
  return entries;
}

function isSame(one: DpkgPackage, other: DpkgPackage): boolean {
  if (one.field('Architecture') === other.field('Architecture')) return true;
  return one.field('Multi-Arch') !== 'same' && other.field('Multi-Arch') !== 'same';
}

/** Expressions for the names of fields: as they are asked for, a dozen. */
const labels = new Map<string, RegExp>();

function field(paragraph: string, name: string): string {
  const label = `${name}:`;
  const at = paragraph.startsWith(label) ? 0 : paragraph.indexOf(`\n${label}`) + 1;
  const value = at > 0 || paragraph.startsWith(label) ? at + label.length : endOfLabel(paragraph, name);
  if (value === undefined) return '';
  const end = paragraph.indexOf('\n', value);
  return paragraph.slice(value, end < 0 ? undefined : end).trim();
}

/** A name in another case, or with blanks before its colon. */
function endOfLabel(paragraph: string, name: string): number | undefined {
  const label = labels.get(name) ?? new RegExp(`^${name}[ \\t]{0,100}:`, 'im');
  labels.set(name, label);
  const found = label.exec(paragraph);
  return found === null ? undefined : found.index + found[0].length;
}
