import { MalformedInput } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { FILE_EVENTS, IGNORED, type InotifyEvent, parseInotify } from '../../parse/inotify.ts';
import type { PathRules } from './path-rules.ts';
import type { FileChange, FileSource } from './source.ts';
import { type WalkedDirectory, walkRules } from './walk.ts';

/** Watches of directories, or a recording of them. */
export interface InotifyWatches {
  readonly fd: number;
  /** The number of the watch; or an errno name. */
  add(path: string, mask: number): number | string;
  remove(watch: number): void;
  read(): Buffer;
  [Symbol.dispose](): void;
}

const { accessed, modified, attributes, closedWritten, opened, movedFrom, movedTo, created, deleted } = FILE_EVENTS;
const CHANGES = modified | attributes | closedWritten | movedFrom | movedTo | created | deleted;
/** Of a directory that only leads to others. */
const NAMES = movedFrom | movedTo | created | deleted;

/** Directories of one `read`: each costs some 20 microseconds, and the others have their turn. */
const DIRECTORIES_A_READ = 500;
/** Reads of one `read`, some hundred events each. */
const READS = 8;

/** Watches each directory that rules are about, those that appear later too. */
export class InotifyTree implements FileSource {
  readonly isWhole = false;
  readonly #watches: InotifyWatches;
  readonly #files: Files;
  readonly #rules: PathRules;
  readonly #mask: number;
  readonly #warn: (message: string) => void;
  readonly #paths = new Map<number, string>();
  readonly #numbers = new Map<string, number>();
  /** Directories that are yet to be watched; those that appeared, and what is in them, are told of. */
  readonly #walks: { readonly walk: Iterator<WalkedDirectory>; readonly appeared: boolean }[] = [];
  /** The walk over everything after an overflow, until it has begun. */
  #whole: Iterator<WalkedDirectory> | undefined;
  /** Files that were told of because their directory appeared: their own events may follow. */
  #told = new Set<string>();
  /** A directory that has been moved away, until it is seen where it went. */
  #moving: { readonly cookie: number; readonly path: string } | undefined;
  #unwatched = 0;
  #malformed = 0;

  /** `accesses`: also files that are opened and read. */
  constructor(
    watches: InotifyWatches,
    files: Files,
    rules: PathRules,
    { accesses, tops }: { readonly accesses: boolean; readonly tops: readonly string[] },
    warn: (message: string) => void,
  ) {
    this.#watches = watches;
    this.#files = files;
    this.#rules = rules;
    this.#mask = CHANGES | (accesses ? accessed | opened : 0);
    this.#warn = warn;
    for (const top of tops) this.#walk(top, false);
  }

  get fd(): number {
    return this.#watches.fd;
  }

  get malformed(): number {
    return this.#malformed;
  }

  /** Directories that are watched. */
  get size(): number {
    return this.#paths.size;
  }

  read(heard: (change: FileChange) => void, overflow: () => void): boolean {
    this.#watchMore(heard);
    for (let i = 0; i < READS; i++) {
      const bytes = this.#watches.read();
      if (bytes.length === 0) {
        this.#settleMove();
        const more = this.#walks.length > 0;
        if (!more) this.#told.clear();
        return more;
      }
      for (const event of this.#parsed(bytes)) {
        if (event.mask & FILE_EVENTS.overflow) {
          overflow();
          // Directories may have appeared that nobody told of.
          this.#walkAll();
        } else this.#take(event, heard);
      }
    }
    return true;
  }

  tick(): void {}

  stop(): void {
    this.#watches[Symbol.dispose]();
  }

  #parsed(bytes: Buffer): InotifyEvent[] {
    try {
      return parseInotify(bytes);
    } catch (cause) {
      if (!(cause instanceof MalformedInput)) throw cause;
      this.#malformed += 1;
      return [];
    }
  }

  #take({ watch, mask, cookie, name }: InotifyEvent, heard: (change: FileChange) => void): void {
    if (this.#moving !== undefined && this.#moving.cookie !== cookie) this.#settleMove();
    const directory = this.#paths.get(watch);
    if (directory === undefined) return;
    if (mask & IGNORED) {
      this.#forget(watch, directory);
      return;
    }
    // What happens to the directory itself, its own directory tells of, if anybody wants to know.
    if (name === '') {
      if (mask & attributes) heard({ path: directory, mask: attributes, cookie: 0 });
      return;
    }
    const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
    if (!(mask & created && this.#told.has(path))) heard({ path, mask, cookie });
    if ((mask & FILE_EVENTS.directory) === 0) {
      // A link may lead to a directory that is watched, on the way to where a pattern begins.
      if (mask & (created | movedTo) && this.#rules.interest(directory)?.recursive === false) this.#walk(path, true);
    } else if (mask & movedFrom) this.#moving = { cookie, path };
    else if (mask & (created | movedTo)) {
      if (this.#moving !== undefined) this.#settleMove(path);
      this.#walk(path, (mask & created) !== 0);
    }
  }

  /** Watches some more directories. */
  #watchMore(heard: (change: FileChange) => void): void {
    for (let i = 0; i < DIRECTORIES_A_READ; ) {
      const first = this.#walks[0];
      if (first === undefined) return;
      if (first.walk === this.#whole) this.#whole = undefined;
      const { done, value } = first.walk.next();
      if (done) this.#walks.shift();
      else {
        i += 1;
        this.#watch(value, first.appeared, heard);
      }
    }
  }

  #watch({ path, interest, entries }: WalkedDirectory, appeared: boolean, heard: (change: FileChange) => void): void {
    const watch = this.#watches.add(path, interest.covers ? this.#mask : NAMES);
    if (typeof watch === 'string') {
      // One that is gone again, or is no directory.
      if (watch === 'ENOENT' || watch === 'ENOTDIR') return;
      this.#unwatched += 1;
      if (this.#unwatched === 1) this.#warn(`${path} and maybe others are not watched: ${advice(watch)}`);
      return;
    }
    const before = this.#paths.get(watch);
    if (before !== undefined) this.#numbers.delete(before);
    this.#paths.set(watch, path);
    this.#numbers.set(path, watch);
    if (!appeared || !interest.covers) return;
    for (const { name } of entries()) {
      const file = path === '/' ? `/${name}` : `${path}/${name}`;
      this.#told.add(file);
      heard({ path: file, mask: created, cookie: 0 });
    }
  }

  #walk(top: string, appeared: boolean): void {
    if (this.#rules.interest(top) === undefined) return;
    this.#walks.push({ walk: walkRules(this.#files, this.#rules, top), appeared });
  }

  #walkAll(): void {
    if (this.#whole !== undefined) return;
    this.#whole = walkRules(this.#files, this.#rules, '/');
    this.#walks.push({ walk: this.#whole, appeared: false });
  }

  /** The directory that was moved is there now, or nowhere that matters: its watches go on, or go. */
  #settleMove(to?: string): void {
    const from = this.#moving?.path;
    this.#moving = undefined;
    if (from === undefined) return;
    const watched = [...this.#numbers].filter(([path]) => path === from || path.startsWith(`${from}/`));
    for (const [path, watch] of watched) {
      const now = to === undefined ? undefined : to + path.slice(from.length);
      this.#forget(watch, path);
      if (now === undefined || this.#rules.interest(now) === undefined) this.#watches.remove(watch);
      else {
        this.#paths.set(watch, now);
        this.#numbers.set(now, watch);
      }
    }
  }

  #forget(watch: number, path: string): void {
    this.#paths.delete(watch);
    if (this.#numbers.get(path) === watch) this.#numbers.delete(path);
  }
}

function advice(code: string): string {
  return code === 'ENOSPC' ? 'raise fs.inotify.max_user_watches of sysctl(8)' : code;
}
