import type { Files } from '../host/host.ts';

type Attempt = <T>(read: () => T) => T | undefined;

/** Bytes of a file whose entries are held: some 20,000 accounts. A longer one is parsed for whoever asks. */
const MAX_HELD = 2 * 1024 * 1024;

interface Held<T> {
  readonly key: string;
  readonly all: readonly T[];
  readonly byId: ReadonlyMap<number, readonly T[]>;
}

/**
 * A file of entries with a number each, `/etc/passwd` or `/etc/group`. A join of files with their owners asks for a
 * quarter of a million of them, one by one: so the entries are held, by what tells that the file is still the same.
 */
export class IdFile<T> {
  readonly #path: string;
  readonly #parse: (content: string) => Iterable<T>;
  readonly #idOf: (entry: T) => number;
  readonly #held = new WeakMap<Files, Held<T>>();

  constructor(path: string, parse: (content: string) => Iterable<T>, idOf: (entry: T) => number) {
    this.#path = path;
    this.#parse = parse;
    this.#idOf = idOf;
  }

  /** In the order of the file. Where `ids` are given, at least those that have one of them. */
  entries(files: Files, attempt: Attempt, ids?: readonly number[]): Iterable<T> {
    return attempt(() => this.#read(files, ids)) ?? [];
  }

  #read(files: Files, ids: readonly number[] | undefined): Iterable<T> {
    const { device, inode, size, mtime, ctime } = files.stat(this.#path);
    if (!(size <= MAX_HELD)) return this.#parse(files.readText(this.#path));
    const key = `${device} ${inode} ${size} ${mtime} ${ctime}`;
    let held = this.#held.get(files);
    if (held?.key !== key) {
      held = this.#gather(key, files.readText(this.#path));
      this.#held.set(files, held);
    }
    const { all, byId } = held;
    if (ids === undefined) return all;
    if (ids.length === 1) return byId.get(ids[0]!) ?? [];
    const wanted = new Set(ids);
    return all.filter((entry) => wanted.has(this.#idOf(entry)));
  }

  #gather(key: string, content: string): Held<T> {
    const all = [...this.#parse(content)];
    const byId = new Map<number, T[]>();
    for (const entry of all) {
      const id = this.#idOf(entry);
      const others = byId.get(id);
      if (others === undefined) byId.set(id, [entry]);
      else others.push(entry);
    }
    return { key, all, byId };
  }
}
