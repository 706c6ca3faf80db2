/** One package of dpkg's status file, `dpkg-query(1)` and deb-control(5). */
export interface DpkgPackage {
  /** The value of a field, whose name is matched as dpkg writes it; without the lines that continue it. */
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

function field(paragraph: string, name: string): string {
  const label = `${name}:`;
  const at = paragraph.startsWith(label) ? 0 : paragraph.indexOf(`\n${label}`) + 1;
  if (at === 0 && !paragraph.startsWith(label)) return '';
  const end = paragraph.indexOf('\n', at);
  return paragraph.slice(at + label.length, end < 0 ? undefined : end).trim();
}
