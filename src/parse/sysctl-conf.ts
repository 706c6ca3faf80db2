/** Settings of kernel parameters, `sysctl.conf(5)` and `sysctl.d(5)`: the last one of a parameter counts. */
export class SysctlSettings {
  readonly #exact = new Map<string, string | undefined>();
  readonly #patterns: { readonly segments: readonly string[]; readonly value: string }[] = [];

  /** Adds the lines of one file. Names have dots or slashes, `*` in them, `-` before them where failure is fine. */
  add(content: string): void {
    for (const line of content.split('\n')) {
      const text = line.trim();
      if (text === '' || text.startsWith('#') || text.startsWith(';')) continue;
      const equals = text.indexOf('=');
      const key = (equals < 0 ? text : text.slice(0, equals)).trim();
      const name = key.replace(/^-/, '').replaceAll('/', '.');
      if (equals >= 0 && name.includes('*')) {
        this.#patterns.push({ segments: name.split('.'), value: text.slice(equals + 1).trim() });
      } else if (equals >= 0) this.#exact.set(name, text.slice(equals + 1).trim());
      // A name alone is taken out of what patterns set.
      else if (key.startsWith('-')) this.#exact.set(name, undefined);
    }
  }

  /** `name` with dots throughout. A setting of the very name beats any pattern. */
  valueOf(name: string): string | undefined {
    if (this.#exact.has(name)) return this.#exact.get(name);
    if (this.#patterns.length === 0) return undefined;
    const segments = name.split('.');
    return this.#patterns.findLast((pattern) => matches(pattern.segments, segments))?.value;
  }
}

/** Segment by segment; a dot in the name of an interface makes two of it, which a `*` does not span. */
function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return pattern.length === segments.length && pattern.every((part, i) => matchesSegment(part, segments[i]!));
}

function matchesSegment(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (!text.startsWith(first)) return false;
  if (rest.length === 0) return text === pattern;
  const last = rest.pop()!;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
