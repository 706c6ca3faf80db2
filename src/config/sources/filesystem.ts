import { resolve } from 'node:path';
import { HostError, UserError } from '../../base/errors.ts';
import { expand } from '../../host/glob.ts';
import type { Files } from '../../host/host.ts';
import type { ConfigSource, ConfigText } from '../configuration.ts';

/**
 * The configuration in files: `--config_path` and beside it the folder of the same name with `.d`, whose `.conf` files
 * follow in the order of their names.
 */
export class FilesystemSource implements ConfigSource {
  readonly #files: Files;
  readonly #path: string;
  readonly #distrusted: (path: string) => string | undefined;

  /** `distrusted`: why somebody else may have written a file. */
  constructor(files: Files, path: string, distrusted: (path: string) => string | undefined = () => undefined) {
    this.#files = files;
    this.#distrusted = distrusted;
    // Relative ones mean the directory that the program was started in.
    this.#path = resolve(path);
  }

  texts(): ConfigText[] {
    const more = this.#regular(`${this.#path}.d/%.conf`);
    return [this.#path, ...more].map((path) => this.#read(path));
  }

  pack(named: string): ConfigText {
    return this.#read(resolve(named));
  }

  packs(pattern: string): (ConfigText & { readonly name: string })[] {
    return this.#regular(resolve(pattern)).map((path) => ({ ...this.#read(path), name: stem(path) }));
  }

  /** The files that a pattern names, in order. */
  #regular(pattern: string): string[] {
    const found = Array.from(expand(this.#files, pattern, { only: 'files' }), ({ path }) => path);
    return found.sort();
  }

  #read(path: string): ConfigText {
    try {
      const text = this.#files.readText(path);
      const distrusted = this.#distrusted(path);
      return { source: path, text, ...(distrusted !== undefined && { distrusted }) };
    } catch (cause) {
      if (cause instanceof HostError) throw new UserError(`${path}: cannot be read: ${cause.code}`);
      throw cause;
    }
  }
}

/** `web` of `/etc/osquery/packs/web.conf`. */
function stem(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
