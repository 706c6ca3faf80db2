/**
 * Settings of kernel parameters, `sysctl.conf(5)` and `sysctl.d(5)`: the last one of a parameter counts. Parameters are
 * named by their path below `/proc/sys`.
 */
export class SysctlSettings {
  readonly #exact = new Map<string, string | undefined>();
  readonly #patterns: { readonly segments: readonly string[]; readonly value: string }[] = [];

  /** Adds the lines of one file: `name = value`; `*` in the name is a pattern, `-` before it says that failure is fine. */
  add(content: string): void {
    for (const line of content.split('\n')) {
      const text = line.trim();
      if (text === '' || text.startsWith('#') || text.startsWith(';')) continue;
      const equals = text.indexOf('=');
      const key = (equals < 0 ? text : text.slice(0, equals)).trim();
      const path = toPath(key.replace(/^-/, ''));
      const value = text.slice(equals + 1).trim();
      if (equals >= 0 && path.includes('*')) this.#patterns.push({ segments: path.split('/'), value });
      else if (equals >= 0) this.#exact.set(path, value);
      // A name alone is taken out of what patterns set.
      else if (key.startsWith('-')) this.#exact.set(path, undefined);
    }
  }

  /** A setting of the very parameter beats any pattern. */
  valueOf(path: string): string | undefined {
    if (this.#exact.has(path)) return this.#exact.get(path);
    if (this.#patterns.length === 0) return undefined;
    const segments = path.split('/');
    return this.#patterns.findLast((pattern) => matches(pattern.segments, segments))?.value;
  }
}

/** The separator is the first of `.` and `/` in the name; the other one is then part of a name, as in `eth0/7` for `eth0.7`. */
function toPath(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name : name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
}

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
