import { ifReadable } from '../../base/errors.ts';
import type { FileStat, Files } from '../../host/host.ts';
import { FILE_EVENTS } from '../../parse/inotify.ts';
import type { PathRules } from './path-rules.ts';
import type { FileChange, FileSource } from './source.ts';
import { type WalkedDirectory, walkRules } from './walk.ts';

/** Rules, and who tells of the files that they are about. */
export interface WatchedFiles {
  readonly rules: PathRules;
  readonly sources: readonly FileSource[];
  /** Whether digests are wanted of files that were made or changed. */
  readonly hash: boolean;
}

/** Files that are remembered to have been heard of: a kernel that loses events has some 16,384 of them at a time. */
const MAX_HEARD = 65_536;
/** What a file is looked at for, when it is there already. */
const CHANGED = FILE_EVENTS.modified | FILE_EVENTS.closedWritten;
/** Seconds that times of a file are behind the clock, at most: two ticks of a kernel that has a hundred of them a second. */
const TICK = 0.02;
/** Directories of one `read` that are looked through for what was lost. */
const RESCANNED_A_READ = 200;

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

/** Finds on the disk what has changed while nobody heard of it, and knows what of it is told already. */
export class Rescans {
  readonly #files: Files;
  readonly #wall: () => number;
  readonly #take: (watched: WatchedFiles, change: FileChange) => void;
  readonly #rescans: Rescan[] = [];
  /** When sources were last asked, Unix seconds. */
  #readAt: number;
  #heardUntil: number;
  /** Files that were heard of since, to when, Unix seconds: that they were made, or changed, is told if events are lost now. */
  readonly #made = new Map<string, number>();
  readonly #changed = new Map<string, number>();
  readonly #found = new Map<string, Found>();

  /** `wall`: milliseconds since the epoch. */
  constructor(files: Files, wall: () => number, take: (watched: WatchedFiles, change: FileChange) => void) {
    this.#files = files;
    this.#wall = wall;
    this.#take = take;
    this.#readAt = wall() / 1000;
    this.#heardUntil = this.#readAt;
  }

  /** Until when all was heard, Unix seconds. */
  get heardUntil(): number {
    return this.#heardUntil;
  }

  /** Until when all was heard, and nothing is to be looked for, Unix seconds. */
  get foundUntil(): number {
    return this.#rescans.reduce((least, { since }) => Math.min(least, since), this.#heardUntil);
  }

  /** Whether nothing is to be looked for. */
  get isDone(): boolean {
    return this.#rescans.length === 0;
  }

  /** Nothing was heard of these since, Unix seconds. */
  missed(watched: WatchedFiles, since: number): void {
    const isWhole = watched.sources.every((source) => source.isWhole);
    const until = isWhole ? this.#wall() / 1000 : Number.POSITIVE_INFINITY;
    this.#rescans.push({ watched, since, until, readAt: this.#readAt, walk: undefined });
  }

  /** Sources are asked now. */
  reads(): void {
    this.#readAt = this.#wall() / 1000;
  }

  /** All that has happened was heard, and looked for. */
  allHeard(): void {
    this.#heardUntil = this.#wall() / 1000;
    this.#made.clear();
    this.#changed.clear();
    this.#found.clear();
  }

  heard({ path, mask }: FileChange): void {
    const heard = mask & FILE_EVENTS.created ? this.#made : mask & CHANGED ? this.#changed : undefined;
    if (heard === undefined) return;
    if (heard.size >= MAX_HEARD) heard.delete(heard.keys().next().value!);
    heard.set(path, this.#wall() / 1000);
  }

  /** Events of a source were lost; whether that is new. */
  overflow(watched: WatchedFiles, { isWhole }: FileSource): boolean {
    // What happens from now on is heard, unless it is in directories that nobody has told of.
    const until = isWhole ? this.#wall() / 1000 : Number.POSITIVE_INFINITY;
    const mine = this.#rescans.filter((rescan) => rescan.watched === watched);
    const waiting = mine.find(({ walk }) => walk === undefined);
    if (waiting !== undefined) {
      waiting.until = until;
      waiting.readAt = this.#readAt;
      return false;
    }
    // One that has begun has passed by directories in which events are lost now.
    const since = mine[0]?.readAt ?? this.#heardUntil;
    this.#rescans.push({ watched, since, until, readAt: this.#readAt, walk: undefined });
    return mine.length === 0;
  }

  /** Tells of files that changed while nothing was heard, as long as there is room; whether there are more. */
  go(hasRoom: () => boolean): boolean {
    for (let i = 0; i < RESCANNED_A_READ && hasRoom(); i++) {
      const rescan = this.#rescans[0];
      if (rescan === undefined) return false;
      rescan.walk ??= walkRules(this.#files, rescan.watched.rules, '/');
      const { done, value } = rescan.walk.next();
      if (done) this.#rescans.shift();
      else if (value.interest.covers) this.#lookThrough(value, rescan);
    }
    return this.#rescans.length > 0;
  }

  /** What of a change was not found on the disk, and told, before its event was read. */
  unfound({ path, mask }: FileChange): number {
    const found = this.#found.get(path);
    if (found === undefined) return mask;
    const known = found.isNew ? FILE_EVENTS.created : CHANGED;
    if ((mask & known) === 0) return mask;
    const stat = ifReadable(() => this.#files.linkStat(path));
    return stat !== undefined && isSame(found, stat) ? mask & ~known : mask;
  }

  #lookThrough({ path, entries }: WalkedDirectory, { watched, since, until }: Rescan): void {
    for (const { name } of entries()) {
      const file = path === '/' ? `/${name}` : `${path}/${name}`;
      const at = this.#wall() / 1000;
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
}

/** Whether what was found of a file is what there is now. What was changed just when it was looked at is rather told twice. */
function isSame({ isNew, stat, at }: Found, now: FileStat): boolean {
  if (isNew) return stat.inode === now.inode && stat.btime === now.btime;
  return stat.ctime === now.ctime && stat.ctime < at - TICK;
}
