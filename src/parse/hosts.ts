/** One line of `hosts(5)`: an address and its names, the canonical one first. */
export interface HostsEntry {
  readonly address: string;
  readonly names: readonly string[];
}

export function* parseHosts(content: string): Generator<HostsEntry> {
  for (const line of content.split('\n')) {
    const [address, ...names] = fields(line);
    if (address !== undefined) yield { address, names };
  }
}

/** The words of a line; `#` begins a comment. */
function fields(line: string): string[] {
  const comment = line.indexOf('#');
  const text = (comment < 0 ? line : line.slice(0, comment)).trim();
  return text === '' ? [] : text.split(/[ \t]+/);
}
