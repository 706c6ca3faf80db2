import type { ScannedEntry } from './host.ts';

/**
 * A directory under way. `read` is for walks: a generator for each of millions of files costs more than the file. Others
 * iterate, which also disposes.
 */
export abstract class DirectoryScan implements Iterable<ScannedEntry>, Disposable {
  /** The next entry; undefined behind the last. Throws `HostError`. */
  abstract read(): ScannedEntry | undefined;

  abstract [Symbol.dispose](): void;

  *[Symbol.iterator](): Generator<ScannedEntry> {
    try {
      for (let entry = this.read(); entry !== undefined; entry = this.read()) yield entry;
    } finally {
      this[Symbol.dispose]();
    }
  }
}

/** A scan of what an iterator gives. */
export class IteratorScan extends DirectoryScan {
  readonly #entries: Iterator<ScannedEntry>;

  constructor(entries: Iterable<ScannedEntry>) {
    super();
    this.#entries = entries[Symbol.iterator]();
  }

  override read(): ScannedEntry | undefined {
    const { done, value } = this.#entries.next();
    return done === true ? undefined : value;
  }

  override [Symbol.dispose](): void {
    this.#entries.return?.();
  }
}
