/** What stands in for a secret. */
const MASK = '********';

/** Shorter values would hide half of a text; they are hidden where their key stands before them. */
const LEAST = 4;

/** What is called so in JSON and in URLs stays between us and the server. */
const NAMES = ['node_key', 'enroll_secret'];

/** Node keys that are remembered. */
const MOST_PASSING = 16;

/**
 * Hides what must not be printed: every text that goes into a message, a log or `--tls_dump` passes through `mask`. It
 * knows the values themselves (the secret of enrolment, node keys, the proxy's password), and where such values stand.
 */
export class Secrets {
  readonly #values = new Set<string>();
  #passing: readonly string[] = [];
  readonly #names = new Set(NAMES);

  add(value: string): void {
    if (value.length >= LEAST) this.#values.add(value);
  }

  /** A secret that others of its kind follow: a node key. The last ones are hidden, late answers have them. */
  addPassing(value: string): void {
    if (value.length >= LEAST) this.#passing = [...this.#passing.slice(1 - MOST_PASSING), value];
  }

  /** A key whose value is a secret wherever it stands: `--tls_enroll_override`. */
  addName(name: string): void {
    this.#names.add(name);
  }

  /** `more`: keys that hold a secret in this text alone. */
  mask(text: string, more: readonly string[] = []): string {
    let shown = text;
    // The longest first: one may be a part of another.
    const values = [...this.#values, ...this.#passing].flatMap(forms).sort((a, b) => b.length - a.length);
    for (const value of values) shown = shown.replaceAll(value, MASK);
    const keys = [...this.#names, ...more].map((name) => name.replace(/[^a-zA-Z0-9_]/g, '\\$&')).join('|');
    return shown
      .replace(new RegExp(`("(?:${keys})"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"?`, 'g'), `$1"${MASK}"`)
      .replace(new RegExp(`([?&](?:${keys})=)[^&\\s]*`, 'g'), `$1${MASK}`)
      .replace(/\b(NodeKey|Basic|Bearer) [^\s"']+/g, `$1 ${MASK}`)
      .replace(/(:\/\/)[^/\s@]*@/g, `$1${MASK}@`);
  }
}

/** As it is, and as it stands in JSON, in a URL and in a header. */
function forms(value: string): string[] {
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.toWellFormed()),
    Buffer.from(value).toString('base64'),
  ];
}
