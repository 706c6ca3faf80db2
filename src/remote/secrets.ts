/** What stands in for a secret. */
const MASK = '********';

/** Shorter values would hide half of a text; they are hidden where their key stands before them. */
const LEAST = 4;

/** Keys of JSON and of URLs whose values stay between us and the server. */
const KEYS = ['node_key', 'enroll_secret'];

/**
 * Hides what must not be printed: every text that goes into a message, a log or `--tls_dump` passes through `mask`. It
 * knows the values themselves (the secret of enrolment, node keys, the proxy's password), and where such values stand.
 */
export class Secrets {
  readonly #values = new Set<string>();
  readonly #keys = new Set(KEYS);

  add(value: string): void {
    if (value.length < LEAST) return;
    this.#values.add(value);
    // As it stands in JSON, in a URL and in a header.
    this.#values.add(JSON.stringify(value).slice(1, -1));
    this.#values.add(encodeURIComponent(value.toWellFormed()));
    this.#values.add(Buffer.from(value).toString('base64'));
  }

  /** A key whose value is a secret wherever it stands: `--tls_enroll_override`. */
  addKey(key: string): void {
    this.#keys.add(key);
  }

  /** `more`: keys that hold a secret in this text alone. */
  mask(text: string, more: readonly string[] = []): string {
    let shown = text;
    // The longest first: one may be a part of another.
    for (const value of [...this.#values].sort((a, b) => b.length - a.length)) shown = shown.replaceAll(value, MASK);
    const keys = [...this.#keys, ...more].map((key) => key.replace(/[^a-zA-Z0-9_]/g, '\\$&')).join('|');
    return shown
      .replace(new RegExp(`("(?:${keys})"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"?`, 'g'), `$1"${MASK}"`)
      .replace(new RegExp(`([?&](?:${keys})=)[^&\\s]*`, 'g'), `$1${MASK}`)
      .replace(/\b(NodeKey|Basic|Bearer) [^\s"']+/g, `$1 ${MASK}`)
      .replace(/(:\/\/)[^/\s@]*@/g, `$1${MASK}@`);
  }
}
