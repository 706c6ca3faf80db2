/** `os-release(5)`: assignments as a shell reads them, without expansion. A later one of a name counts. */
export function parseOsRelease(content: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of content.split('\n')) {
    const text = line.trim();
    const equals = text.indexOf('=');
    if (equals <= 0 || text.startsWith('#')) continue;
    values.set(text.slice(0, equals).trim(), unquote(text.slice(equals + 1).trim()));
  }
  return values;
}

function unquote(value: string): string {
  const quote = value[0];
  if (quote === "'") return value.length > 1 && value.endsWith("'") ? value.slice(1, -1) : value.slice(1);
  const inner = quote === '"' ? value.slice(1, value.length > 1 && value.endsWith('"') ? -1 : undefined) : value;
  return inner.replace(/\\(["$`\\])/g, '$1');
}

/**
 * A version to the last number: the first of the texts that has `id` and more numbers behind it (`12` and `12.5`) says it.
 * Else `id` itself.
 */
export function exactVersion(id: string, texts: readonly (string | undefined)[]): string {
  if (!/^[0-9]/.test(id)) return id;
  for (const text of texts) {
    for (const [version] of text?.matchAll(/(?<![0-9.])[0-9]{1,9}(?:\.[0-9]{1,9}){1,3}/g) ?? []) {
      if (version.startsWith(`${id}.`)) return version;
    }
  }
  return id;
}

/** What an old-fashioned release file says: `CentOS Linux release 7.9.2009 (Core)`. */
export interface ReleaseLine {
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** A name, the word "release", a version of at least two numbers. Undefined for any other text. */
export function parseReleaseLine(line: string): ReleaseLine | undefined {
  const words = line.trim().split(/\s+/, 32);
  const at = words.findIndex((word) => /^[0-9]{1,9}\.[0-9]{1,9}/.test(word));
  if (at < 2) return undefined;
  const [major, minor, patch] = words[at]!.split('.').map((part) => Number.parseInt(part, 10));
  return { name: words.slice(0, at - 1).join(' '), major: major!, minor: minor!, patch: patch || 0 };
}
