import { resolve } from 'node:path';
import { HostError, UserError } from '../../base/errors.ts';
import { expand } from '../../host/glob.ts';
import type { Files } from '../../host/host.ts';
import { MAX_LENGTH, tooLong } from '../config-text.ts';
import { type ConfigSource, type ConfigText, MAX_PACK_FILES } from '../configuration.ts';

/** Of a pattern: to sort more names would take long, and nobody reads them. */
const MAX_FOUND = 100_000;
/** Bytes of a character in UTF-8, at most as many as make a unit of a text. */
const MAX_BYTES = 3 * MAX_LENGTH;

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
    const folder = `${this.#path}.d`;
    const more = this.#regular(`${folder}/%.conf`);
    const pieces = [this.#path, ...more.slice(0, MAX_PACK_FILES)].map((path) => this.#read(path));
    if (more.length <= MAX_PACK_FILES) return pieces;
    return [...pieces, { source: folder, text: '', unread: `${folder}: more than ${MAX_PACK_FILES} files` }];
  }

  pack(named: string): ConfigText {
    return this.#read(resolve(named));
  }

  packs(pattern: string): (ConfigText & { readonly name: string })[] {
    const found = this.#regular(resolve(pattern)).slice(0, MAX_PACK_FILES + 1);
    return found.map((path) => ({ ...this.#read(path), name: stem(path) }));
  }

  /** The files that a pattern names, in order. */
  #regular(pattern: string): string[] {
    const found: string[] = [];
    for (const { path } of expand(this.#files, pattern, { only: 'files' })) {
      if (found.push(path) === MAX_FOUND) break;
    }
    return found.sort();
  }

  #read(path: string): ConfigText {
    try {
      const text = this.#files.readText(path, { limit: MAX_BYTES });
      const distrusted = this.#distrusted(path);
      return { source: path, text, ...(distrusted !== undefined && { distrusted }) };
    } catch (cause) {
      if (cause instanceof HostError && cause.code === 'EFBIG')
        return { source: path, text: '', unread: tooLong(path) };
      if (cause instanceof HostError) {
        const reason = cause.code === 'EOPNOTSUPP' ? 'it is a pipe, a socket or a device, not a file' : cause.code;
        throw new UserError(`${path}: cannot be read: ${reason}`);
      }
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
