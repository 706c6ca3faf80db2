import { HostError, ifReadable, MalformedInput } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { type FanotifyEvent, type NamedHandle, parseFanotify, RENAMED } from '../../parse/fanotify.ts';
import { FILE_EVENTS } from '../../parse/inotify.ts';
import type { PathRules } from './path-rules.ts';
import type { FileChange, FileSource } from './source.ts';
import { mountsWithFiles, type WalkedDirectory, walkRules } from './walk.ts';

/** Marks of file systems, or a recording of them. */
export interface FanotifyFileSystems {
  readonly fd: number;
  /** Throws `HostError`. */
  mark(directory: string, mask: number): void;
  pathOf(handle: string): string | undefined;
  read(): Buffer;
  [Symbol.dispose](): void;
}

const { modified, attributes, closedWritten, created, deleted, directory: isDirectory } = FILE_EVENTS;
const MASK = modified | attributes | closedWritten | created | deleted | isDirectory | RENAMED;

/** Directories whose paths are remembered: some megabytes. */
const MAX_PATHS = 20_000;
/** Events that wait until it is known where they happened. */
const MAX_HELD = 10_000;
/** Directories above one that is gone, that are gone, too. */
const MAX_DEPTH = 100;
/** Reads of one `read`, some thousand events each. */
const READS = 4;
/** How often it is looked for what has been mounted, and for new links: so long after the last look, and a step at a time. */
const LOOK_MS = 10_000;
const STEP_MS = 250;
/** Directories of a step: some ten milliseconds. */
const DIRECTORIES_A_STEP = 500;
/** Links on the way to files: what is beyond is told by the path that it leads to. */
const MOST_LINKS = 10_000;

/** Hears of whole file systems and picks what rules are about: no watch for each directory, and it is known who did it. */
export class FanotifyMarks implements FileSource {
  readonly isWhole = true;
  /** Where a file system with files that rules are about cannot be marked. */
  readonly unmarked: readonly string[];
  readonly #systems: FanotifyFileSystems;
  readonly #files: Files;
  readonly #rules: PathRules;
  /** Handles of directories to their paths. */
  readonly #paths = new Map<string, string>();
  /** Directories whose own events are among those that were read: where they were, if they are gone. */
  readonly #gone = new Map<string, NamedHandle>();
  /** Events in directories that are gone, and where they were is not known yet. */
  #held: FanotifyEvent[] = [];
  readonly #marked = new Set<number>();
  /** What a link leads to, to how rules call it. */
  #links = new Map<string, string>();
  #moves = 0;
  /** When the last look, or step of one, was. */
  #looked: number;
  /** The look that is under way. */
  #looking: Iterator<undefined> | undefined;
  #malformed = 0;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(systems: FanotifyFileSystems, files: Files, rules: PathRules, now: number) {
    this.#systems = systems;
    this.#files = files;
    this.#rules = rules;
    this.#looked = now;
    const unmarked: string[] = [];
    for (const _ of this.#look(unmarked));
    this.unmarked = unmarked;
  }

  get fd(): number {
    return this.#systems.fd;
  }

  get malformed(): number {
    return this.#malformed;
  }

  read(heard: (change: FileChange) => void, overflow: () => void): boolean {
    const held = this.#held;
    this.#held = [];
    const { events, more } = this.#readEvents();
    // That a directory is deleted comes after what happened in it, and tells where that was.
    for (const { mask, at, itself } of events) {
      if (mask & isDirectory && mask & deleted && at !== undefined && itself !== undefined) this.#gone.set(itself, at);
    }
    for (const event of held) this.#take(event, heard);
    for (const event of events) {
      if (event.mask & FILE_EVENTS.overflow) overflow();
      else if (!this.#take(event, heard) && this.#held.length < MAX_HELD) this.#held.push(event);
    }
    if (!more && this.#held.length === 0) this.#gone.clear();
    return more || this.#held.length > 0;
  }

  tick(now: number): void {
    if (now - this.#looked < (this.#looking === undefined ? LOOK_MS : STEP_MS)) return;
    this.#looked = now;
    this.#looking ??= this.#look([]);
    for (let i = 0; i < DIRECTORIES_A_STEP; i++) {
      if (!this.#looking.next().done) continue;
      this.#looking = undefined;
      return;
    }
  }

  stop(): void {
    this.#systems[Symbol.dispose]();
  }

  #readEvents(): { readonly events: FanotifyEvent[]; readonly more: boolean } {
    const events: FanotifyEvent[] = [];
    for (let i = 0; i < READS; i++) {
      const bytes = this.#systems.read();
      if (bytes.length === 0) return { events, more: false };
      try {
        events.push(...parseFanotify(bytes));
      } catch (cause) {
        if (!(cause instanceof MalformedInput)) throw cause;
        this.#malformed += 1;
      }
    }
    return { events, more: true };
  }

  /** Whether it is known where it happened. */
  #take({ mask, pid, at, from, itself }: FanotifyEvent, heard: (change: FileChange) => void): boolean {
    const kind = mask & isDirectory;
    const path = this.#pathOf(at);
    if (mask & RENAMED) {
      this.#moves += 1;
      const before = this.#pathOf(from);
      const cookie = this.#moves;
      if (before !== undefined) heard({ path: before, mask: FILE_EVENTS.movedFrom | kind, cookie, pid });
      if (path !== undefined) heard({ path, mask: FILE_EVENTS.movedTo | kind, cookie, pid });
      if (kind) this.#moved(from, at);
      return before !== undefined && path !== undefined;
    }
    if (path === undefined) return false;
    heard({ path, mask, cookie: 0, pid });
    if (kind && itself !== undefined) {
      if (mask & deleted) this.#paths.delete(itself);
      else if (mask & created) this.#remember(itself, this.#realPath(at!)!);
    }
    return true;
  }

  /** As rules call it. */
  #pathOf(named: NamedHandle | undefined): string | undefined {
    const real = named && this.#realPath(named);
    if (real === undefined) return undefined;
    if (this.#links.size === 0) return real;
    for (let length = real.length; length > 0; length = real.lastIndexOf('/', length - 1)) {
      const link = this.#links.get(real.slice(0, length));
      if (link !== undefined) return link + real.slice(length);
    }
    return real;
  }

  #realPath({ directory: handle, name }: NamedHandle): string | undefined {
    const directory = this.#directory(handle, 0);
    if (directory === undefined || name === '.') return directory;
    return directory === '/' ? `/${name}` : `${directory}/${name}`;
  }

  #directory(handle: string, depth: number): string | undefined {
    const known = this.#paths.get(handle) ?? this.#systems.pathOf(handle);
    if (known !== undefined) {
      this.#remember(handle, known);
      return known;
    }
    const was = depth < MAX_DEPTH ? this.#gone.get(handle) : undefined;
    const parent = was && this.#directory(was.directory, depth + 1);
    return parent === undefined ? undefined : `${parent === '/' ? '' : parent}/${was!.name}`;
  }

  #remember(handle: string, path: string): void {
    if (this.#paths.size >= MAX_PATHS) this.#paths.clear();
    this.#paths.set(handle, path);
  }

  /** A directory has another path now, and all below it. */
  #moved(from: NamedHandle | undefined, at: NamedHandle | undefined): void {
    const [before, after] = [from && this.#realPath(from), at && this.#realPath(at)];
    if (before === undefined || after === undefined) this.#paths.clear();
    else {
      for (const [handle, path] of this.#paths) {
        if (path === before || path.startsWith(`${before}/`))
          this.#paths.set(handle, after + path.slice(before.length));
      }
    }
  }

  /** Marks what is not marked yet, a directory at a time; `unmarked` takes where that cannot be. */
  *#look(unmarked: string[]): Generator<undefined> {
    const links = new Map<string, string>();
    const cannot = (path: string) => {
      // Who walks one finds those below it.
      const last = unmarked.at(-1);
      if (last === undefined || !path.startsWith(last === '/' ? last : `${last}/`)) unmarked.push(path);
    };
    const look = ({ path, interest }: WalkedDirectory, leadsOn: boolean) => {
      const real = ifReadable(() => this.#files.realPath(path));
      if (real !== undefined && real !== path && links.size < MOST_LINKS) links.set(real, path);
      // Also where a pattern leads no further yet: what it is about will be made there.
      if ((interest.covers || !leadsOn) && !this.#mark(path)) cannot(path);
    };
    let last: WalkedDirectory | undefined;
    for (const next of walkRules(this.#files, this.#rules, '/', { stems: true })) {
      // What is in a directory comes right after it.
      if (last !== undefined) look(last, (next.path.slice(0, next.path.lastIndexOf('/')) || '/') === last.path);
      last = next;
      yield;
    }
    if (last !== undefined) look(last, false);
    this.#links = links;
    for (const { path } of mountsWithFiles(this.#files)) {
      if (this.#rules.interest(path)?.covers && !this.#mark(path)) cannot(path);
      yield;
    }
  }

  #mark(path: string): boolean {
    const device = ifReadable(() => this.#files.stat(path).device);
    if (device === undefined || this.#marked.has(device)) return true;
    try {
      this.#systems.mark(path, MASK);
      this.#marked.add(device);
      return true;
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      return false;
    }
  }
}
