/**
 * Texts of procfs made of `name : value` lines: `/proc/cpuinfo` (a block a processor, blank lines between) and
 * `/proc/meminfo` (one block).
 */

/** Names and values of each block; the first of equal names counts. Lines without a colon are skipped. */
export function parseBlocks(content: string): Map<string, string>[] {
  return content
    .split(/\n[ \t]*\n/)
    .map(parseFields)
    .filter((fields) => fields.size > 0);
}

export function parseFields(block: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    if (colon > 0 && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}
