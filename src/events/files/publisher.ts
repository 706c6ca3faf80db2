import { ifReadable } from '../../base/errors.ts';
import type { FileStat, Files } from '../../host/host.ts';
import { FILE_EVENTS } from '../../parse/inotify.ts';
import type { FileAction, FileEvent } from '../../schema/file-event.ts';
import type { Publisher, PublisherCounts } from '../publisher.ts';
import { digestsOf, type FileDigests } from './digests.ts';
import type { PathRules } from './path-rules.ts';
import type { FileScans } from './scans.ts';
import type { FileChange, FileSource } from './source.ts';
import { type WalkedDirectory, walkRules } from './walk.ts';

/** Rules, and who tells of the files that they are about. */
export interface WatchedFiles {
  readonly rules: PathRules;
  readonly sources: readonly FileSource[];
  /** Whether digests are wanted of files that were made or changed. */
  readonly hash: boolean;
}

export interface FileOptions {
  /** Bytes of a file that is hashed, at most. */
  readonly hashLimit: number;
  /** Who has files scanned, if somebody wants that. */
  readonly scans?: FileScans | undefined;
  /** Milliseconds of a clock that never goes back, and since the epoch. */
  now(): number;
  wall(): number;
}

/** What is told of bits that were merged, in this order; a file that is made and deleted ends deleted, if it is gone. */
const ACTIONS: readonly (readonly [mask: number, action: FileAction])[] = [
  [FILE_EVENTS.created, 'CREATED'],
  [FILE_EVENTS.movedTo, 'MOVED_TO'],
  [FILE_EVENTS.opened, 'OPENED'],
  [FILE_EVENTS.accessed, 'ACCESSED'],
  [FILE_EVENTS.modified | FILE_EVENTS.closedWritten, 'UPDATED'],
  [FILE_EVENTS.attributes, 'ATTRIBUTES_MODIFIED'],
  [FILE_EVENTS.movedFrom, 'MOVED_FROM'],
  [FILE_EVENTS.deleted, 'DELETED'],
];

/** Changes that wait to be looked at: beyond, the kernel is left to wait, which says what it had no room for. */
const MAX_WAITING = 10_000;
/** Files that are remembered to have been heard of: a kernel that loses events has some 16,384 of them at a time. */
const MAX_HEARD = 65_536;
/** What a file is looked at for, when it is there already. */
const CHANGED = FILE_EVENTS.modified | FILE_EVENTS.closedWritten;
/** Seconds that times of a file are behind the clock, at most: two ticks of a kernel that has a hundred of them a second. */
const TICK = 0.02;
/** Milliseconds of one `read` spent on looking at files and hashing them. */
const SETTLE_MS = 20;
/** Directories of one `read` that are looked through for what was lost. */
const RESCANNED_A_READ = 200;

interface Waiting extends FileChange {
  readonly action: FileAction;
  readonly categories: readonly string[];
  readonly occurred: bigint;
  readonly hash: boolean;
}

/** A look for what has changed while events were lost. */
interface Rescan {
  readonly watched: WatchedFiles;
  /** Unix seconds. */
  readonly since: number;
  until: number;
  /** What was read before that was not lost later. */
  readAt: number;
  /** Undefined until it begins. */
  walk: Iterator<WalkedDirectory> | undefined;
}

/** What was found of a file: its own event may follow. */
interface Found {
  readonly isNew: boolean;
  readonly stat: FileStat;
  /** When it was looked at, Unix seconds. */
  readonly at: number;
}

/** Hears of files by category, looks at them and hashes them, in the order in which things happened. */
export class FilePublisher implements Publisher {
  readonly name = 'inotify';
  readonly #watched: readonly WatchedFiles[];
  readonly #files: Files;
  readonly #options: FileOptions;
  readonly #emit: (event: FileEvent) => void;
  readonly #warn: (message: string) => void;
  #waiting: Waiting[] = [];
  /** Files that are among the waiting as changed: once is enough. */
  readonly #updated = new Set<string>();
  #hashing: { readonly change: Waiting; readonly work: Generator<undefined, FileDigests | undefined> } | undefined;
  readonly #rescans: Rescan[] = [];
  /** When sources were last asked, Unix seconds. */
  #readAt: number;
  /** Until when all was heard, Unix seconds. */
  #heardUntil: number;
  /** Files that were heard of since, to when, Unix seconds: that they were made, or changed, is told if events are lost now. */
  readonly #made = new Map<string, number>();
  readonly #changed = new Map<string, number>();
  readonly #found = new Map<string, Found>();
  #received = 0;
  #events = 0;
  #overflows = 0;

  constructor(
    watched: readonly WatchedFiles[],
    files: Files,
    options: FileOptions,
    emit: (event: FileEvent) => void,
    warn: (message: string) => void,
  ) {
    this.#watched = watched;
    this.#files = files;
    this.#options = options;
    this.#readAt = options.wall() / 1000;
    this.#heardUntil = this.#readAt;
    this.#emit = emit;
    this.#warn = warn;
  }

  get fds(): readonly number[] {
    return this.#watched.flatMap(({ sources }) => sources.map(({ fd }) => fd));
  }

  get counts(): PublisherCounts {
    const sources = this.#watched.flatMap(({ sources: its }) => its);
    const malformed = sources.reduce((sum, source) => sum + source.malformed, 0);
    const dropped = { overrun: this.#overflows, malformed, ...this.#options.scans?.dropped };
    return { received: this.#received, events: this.#events, dropped };
  }

  read(): boolean {
    let more = false;
    this.#readAt = this.#options.wall() / 1000;
    for (const watched of this.#watched) {
      for (const source of watched.sources) {
        if (this.#waiting.length >= MAX_WAITING) continue;
        const heard = (change: FileChange) => {
          this.#received += 1;
          const mask = this.#unfound(change);
          if (mask === 0) return;
          this.#take(watched, mask === change.mask ? change : { ...change, mask });
          this.#remember(change);
        };
        more = source.read(heard, () => this.#overflow(watched, source)) || more;
      }
    }
    more = this.#rescan() || more;
    if (!more && this.#waiting.length < MAX_WAITING) {
      this.#heardUntil = this.#options.wall() / 1000;
      this.#made.clear();
      this.#changed.clear();
      this.#found.clear();
    }
    return this.#settle() || more;
  }

  tick(): void {
    const now = this.#options.now();
    for (const { sources } of this.#watched) for (const source of sources) source.tick(now);
    this.#options.scans?.tick();
  }

  stop(): void {
    for (const { sources } of this.#watched) for (const source of sources) source.stop();
    this.#options.scans?.stop();
  }

  #take({ rules, hash }: WatchedFiles, change: FileChange): void {
    const categories = rules.match(change.path);
    if (categories.length === 0) return;
    const occurred = BigInt(this.#options.wall()) * 1_000_000n;
    for (const [mask, action] of ACTIONS) {
      if ((change.mask & mask) === 0) continue;
      if (action === 'UPDATED') {
        if (this.#updated.has(change.path)) continue;
        this.#updated.add(change.path);
      }
      this.#waiting.push({ ...change, action, categories, occurred, hash });
    }
  }

  #remember({ path, mask }: FileChange): void {
    const heard = mask & FILE_EVENTS.created ? this.#made : mask & CHANGED ? this.#changed : undefined;
    if (heard === undefined) return;
    if (heard.size >= MAX_HEARD) heard.delete(heard.keys().next().value!);
    heard.set(path, this.#options.wall() / 1000);
  }

  #overflow(watched: WatchedFiles, { isWhole }: FileSource): void {
    this.#overflows += 1;
    // What happens from now on is heard, unless it is in directories that nobody has told of.
    const until = isWhole ? this.#options.wall() / 1000 : Number.POSITIVE_INFINITY;
    const mine = this.#rescans.filter((rescan) => rescan.watched === watched);
    const waiting = mine.find(({ walk }) => walk === undefined);
    if (waiting !== undefined) {
      waiting.until = until;
      waiting.readAt = this.#readAt;
      return;
    }
    if (mine.length === 0) {
      this.#warn(
        `${this.name}: the kernel lost events: looks for what has changed since; what was deleted is not known`,
      );
    }
    // One that has begun has passed by directories in which events are lost now.
    const since = mine[0]?.readAt ?? this.#heardUntil;
    this.#rescans.push({ watched, since, until, readAt: this.#readAt, walk: undefined });
  }

  /** Tells of files that changed while nothing was heard; whether there are more. */
  #rescan(): boolean {
    for (let i = 0; i < RESCANNED_A_READ && this.#waiting.length < MAX_WAITING; i++) {
      const rescan = this.#rescans[0];
      if (rescan === undefined) return false;
      rescan.walk ??= walkRules(this.#files, rescan.watched.rules, '/');
      const { done, value } = rescan.walk.next();
      if (done) this.#rescans.shift();
      else if (value.interest.covers) this.#lookThrough(value, rescan);
    }
    return this.#rescans.length > 0;
  }

  #lookThrough({ path, entries }: WalkedDirectory, { watched, since, until }: Rescan): void {
    for (const { name } of entries()) {
      const file = path === '/' ? `/${name}` : `${path}/${name}`;
      const at = this.#options.wall() / 1000;
      const stat = ifReadable(() => this.#files.linkStat(file));
      if (stat === undefined) continue;
      const made = this.#made.get(file) ?? 0;
      // Not what is heard from then on.
      const isMissed = (time: number) => time >= since - TICK && time <= until;
      const isNew = isMissed(stat.btime) && stat.btime > made;
      // It may have been changed again just after it was heard of; nobody makes a file anew that fast.
      const changed = Math.max(made, this.#changed.get(file) ?? 0) - TICK;
      if (!isNew && !(isMissed(stat.ctime) && stat.ctime >= changed)) continue;
      const found = this.#found.get(file);
      if (found !== undefined && isSame(found, stat)) continue;
      const mask = isNew ? FILE_EVENTS.created : FILE_EVENTS.modified;
      this.#take(watched, { path: file, mask, cookie: 0 });
      if (this.#found.size < MAX_HEARD) this.#found.set(file, { isNew, stat, at });
    }
  }

  /** What of a change was not found on the disk, and told, before its event was read. */
  #unfound({ path, mask }: FileChange): number {
    const found = this.#found.get(path);
    if (found === undefined) return mask;
    const known = found.isNew ? FILE_EVENTS.created : CHANGED;
    if ((mask & known) === 0) return mask;
    const stat = ifReadable(() => this.#files.linkStat(path));
    return stat !== undefined && isSame(found, stat) ? mask & ~known : mask;
  }

  /** Looks at files that wait; whether there are more. */
  #settle(): boolean {
    const until = this.#options.now() + SETTLE_MS;
    let settled = 0;
    while (this.#options.now() < until) {
      if (this.#hashing === undefined) {
        const change = this.#waiting[settled];
        if (change === undefined) break;
        settled += 1;
        if (change.action === 'UPDATED') this.#updated.delete(change.path);
        this.#begin(change);
      } else {
        const { change, work } = this.#hashing;
        const step = work.next();
        if (!step.done) continue;
        this.#hashing = undefined;
        this.#tell(change, step.value);
      }
    }
    this.#waiting = settled === 0 ? this.#waiting : this.#waiting.slice(settled);
    return this.#waiting.length > 0 || this.#hashing !== undefined;
  }

  #begin(change: Waiting): void {
    const { action, path, mask } = change;
    const wanted =
      change.hash && (action === 'CREATED' || action === 'UPDATED') && (mask & FILE_EVENTS.directory) === 0;
    if (wanted) this.#hashing = { change, work: digestsOf(this.#files, path, this.#options.hashLimit) };
    else this.#tell(change);
  }

  #tell(change: Waiting, digests?: FileDigests | undefined): void {
    const { action, path, categories, occurred, cookie, pid, hash } = change;
    const isGone = action === 'DELETED' || action === 'MOVED_FROM';
    const stat = isGone ? undefined : ifReadable(() => this.#files.stat(path));
    const isHashed = hash && (action === 'CREATED' || action === 'UPDATED');
    for (const category of categories) {
      this.#events += 1;
      const event = { occurred, path, category, action, transaction: cookie, pid, stat, digests, isHashed };
      this.#emit(event);
      this.#options.scans?.offer(event);
    }
  }
}

/** Whether what was found of a file is what there is now. What was changed just when it was looked at is rather told twice. */
function isSame({ isNew, stat, at }: Found, now: FileStat): boolean {
  if (isNew) return stat.inode === now.inode && stat.btime === now.btime;
  return stat.ctime === now.ctime && stat.ctime < at - TICK;
}
