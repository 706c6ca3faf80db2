import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import type { DirectoryEntry, FileStat, Files, OpenFile, ReadLimit } from '../host.ts';
import { hostError, native } from './errors.ts';
import { LinuxFiles } from './files.ts';
import { O_CLOEXEC, O_PATH } from './read-file.ts';
import { LinuxStat } from './stat.ts';

/**
 * The files below a directory as if it were `/`: links, absolute ones too, and `..` never lead out of it, also when
 * someone changes the tree while we walk (the root may be that of a hostile container). See
 * `docs/adr/files-below-a-root.md`.
 */
export class RootedFiles implements Files {
  readonly #root: string;
  readonly #live = new LinuxFiles();

  constructor(root: string) {
    this.#root = root;
  }

  readText(path: string, options?: ReadLimit): string {
    return this.#at(path, 'read', (at) => this.#live.readText(at, options));
  }

  readBytes(path: string, options?: ReadLimit): Buffer {
    return this.#at(path, 'read', (at) => this.#live.readBytes(at, options));
  }

  list(path: string): readonly DirectoryEntry[] {
    return this.#at(path, 'list', (at) => this.#live.list(at));
  }

  *scan(path: string): Iterable<DirectoryEntry> {
    using place = find(this.#root, path, true, 'list');
    try {
      yield* this.#live.scan(place.at);
    } catch (cause) {
      throw renamed(cause, path, 'list');
    }
  }

  stat(path: string): FileStat {
    using place = find(this.#root, path, true, 'stat');
    return new LinuxStat(place.stats);
  }

  linkStat(path: string): FileStat {
    using place = find(this.#root, path, false, 'lstat');
    return new LinuxStat(place.stats);
  }

  readLink(path: string): string {
    using place = find(this.#root, path, false, 'readlink');
    return place.readLink(path);
  }

  exists(path: string): boolean {
    try {
      find(this.#root, path, true, 'stat')[Symbol.dispose]();
      return true;
    } catch {
      return false;
    }
  }

  realPath(path: string): string {
    using place = find(this.#root, path, true, 'realpath');
    return place.path;
  }

  open(path: string): OpenFile {
    return this.#at(path, 'open', (at) => this.#live.open(at));
  }

  attributes(path: string): ReadonlyMap<string, Buffer> {
    return this.#at(path, 'listxattr', (at) => this.#live.attributes(at));
  }

  #at<T>(path: string, operation: string, use: (at: string) => T): T {
    using place = find(this.#root, path, true, operation);
    try {
      return use(place.at);
    } catch (cause) {
      throw renamed(cause, path, operation);
    }
  }
}

/** An error names the path that was asked for, not the descriptor that stood for it. */
function renamed(cause: unknown, path: string, operation: string): unknown {
  return cause instanceof HostError ? new HostError(cause.code, path, operation) : cause;
}

/** As the kernel has it, `path_resolution(7)`. */
const MAX_LINKS = 40;

const O_FIND = O_PATH | O_CLOEXEC | constants.O_NOFOLLOW;

/** Walks `path` component by component, each found in the one before by an O_PATH descriptor that nobody can exchange. */
function find(root: string, path: string, follow: boolean, operation: string): Place {
  if (!path.startsWith('/')) throw new HostError('ENOENT', path, operation);
  const place = new Place(root);
  try {
    const rest = path.split('/').reverse();
    let links = 0;
    while (rest.length > 0) {
      const name = rest.pop()!;
      if (!place.stats.isDirectory()) throw new HostError('ENOTDIR', path, operation);
      if (name === '' || name === '.') continue;
      if (name === '..') {
        place.leave();
        continue;
      }
      place.enter(name);
      if (!place.stats.isSymbolicLink() || (rest.length === 0 && !follow)) continue;
      if (++links > MAX_LINKS) throw new HostError('ELOOP', path, operation);
      const target = place.readLink(path);
      if (target.startsWith('/')) place.restart();
      else place.leave();
      for (const part of target.split('/').reverse()) rest.push(part);
    }
    return place;
  } catch (cause) {
    place[Symbol.dispose]();
    throw hostError(cause, path, operation);
  }
}

/** Where a walk has come to: an open descriptor for the root and for each directory on the way. */
class Place implements Disposable {
  readonly #steps: { readonly name: string; readonly fd: number; readonly stats: Stats }[] = [];

  constructor(root: string) {
    try {
      this.#push('', openSync(root, O_PATH | O_CLOEXEC | constants.O_DIRECTORY));
    } catch (cause) {
      throw hostError(cause, root, 'open');
    }
  }

  get stats(): Stats {
    return this.#last.stats;
  }

  /** A path of the live machine that leads exactly here. */
  get at(): string {
    return `/proc/self/fd/${this.#last.fd}`;
  }

  /** The path below the root, without links. */
  get path(): string {
    return `/${this.#steps
      .slice(1)
      .map(({ name }) => name)
      .join('/')}`;
  }

  enter(name: string): void {
    this.#push(name, openSync(native(`${this.at}/${name}`), O_FIND));
  }

  leave(): void {
    if (this.#steps.length > 1) closeSync(this.#steps.pop()!.fd);
  }

  restart(): void {
    while (this.#steps.length > 1) this.leave();
  }

  readLink(path: string): string {
    const { name, stats } = this.#last;
    if (!stats.isSymbolicLink()) throw new HostError('EINVAL', path, 'readlink');
    const parent = this.#steps.at(-2)!;
    const link = native(`/proc/self/fd/${parent.fd}/${name}`);
    try {
      return decodeText(readlinkSync(link, { encoding: 'buffer' }));
    } catch (cause) {
      throw hostError(cause, path, 'readlink');
    }
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#steps.splice(0)) closeSync(fd);
  }

  get #last() {
    return this.#steps.at(-1)!;
  }

  #push(name: string, fd: number): void {
    this.#steps.push({ name, fd, stats: fstatSync(fd) });
  }
}
