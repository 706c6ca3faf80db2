import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { FILE_EVENTS } from '../../parse/inotify.ts';
import type { FileAction, FileEvent } from '../../schema/file-event.ts';
import type { Publisher, PublisherCounts } from '../publisher.ts';
import { digestsOf, type FileDigests } from './digests.ts';
import type { FileProgress, PendingChange } from './progress.ts';
import { Rescans, type WatchedFiles } from './rescans.ts';
import type { FileScans } from './scans.ts';
import type { FileChange, FileSource } from './source.ts';

export interface FileOptions {
  /** Bytes of a file that is hashed, at most. */
  readonly hashLimit: number;
  /** Who has files scanned, if somebody wants that. */
  readonly scans?: FileScans | undefined;
  /** Where it notes how far it has come, once what it has told is out of its hands. */
  readonly progress?: FileProgress | undefined;
  handOver?(): void;
  /** What one that was given up leaves: since when nothing was heard, Unix seconds, and the change that it hung on. */
  readonly left?: { readonly since: number; readonly pending: PendingChange | undefined } | undefined;
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
/** Milliseconds of one `read` spent on looking at files and hashing them. */
const SETTLE_MS = 20;
/** Milliseconds in which one program makes some thousand files, four events each; the kernel has room for 16,384. */
const PATIENCE_MS = 50;

interface Waiting extends FileChange {
  readonly action: FileAction;
  readonly categories: readonly string[];
  readonly occurred: bigint;
  readonly hash: boolean;
  /** Until when all was heard before it, Unix seconds. */
  readonly after: number;
}

/** Hears of files by category, looks at them and hashes them, in the order in which things happened. */
export class FilePublisher implements Publisher {
  readonly name = 'inotify';
  readonly patience = PATIENCE_MS;
  readonly #watched: readonly WatchedFiles[];
  readonly #files: Files;
  readonly #options: FileOptions;
  readonly #emit: (event: FileEvent) => void;
  readonly #warn: (message: string) => void;
  #waiting: Waiting[] = [];
  /** Files that are among the waiting as changed: once is enough. */
  readonly #updated = new Set<string>();
  #hashing: { readonly change: Waiting; readonly work: Generator<undefined, FileDigests | undefined> } | undefined;
  readonly #rescans: Rescans;
  /** Whether sources were asked in this turn: they had something to tell. */
  #hasRead = true;
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
    this.#rescans = new Rescans(files, options.wall, (its, change) => this.#take(its, change));
    this.#emit = emit;
    this.#warn = warn;
    const { left } = options;
    if (left?.pending !== undefined) {
      this.#tellUnseen(left.pending);
      options.handOver?.();
    }
    if (options.progress !== undefined) options.progress.pending = undefined;
    if (left !== undefined) for (const its of watched) this.#rescans.missed(its, left.since);
    this.#note();
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
    this.#hasRead = true;
    this.#rescans.reads();
    for (const watched of this.#watched) {
      for (const source of watched.sources) {
        if (this.#waiting.length >= MAX_WAITING) continue;
        const heard = (change: FileChange) => {
          this.#received += 1;
          const mask = this.#rescans.unfound(change);
          if (mask === 0) return;
          this.#take(watched, mask === change.mask ? change : { ...change, mask });
          this.#rescans.heard(change);
        };
        more = source.read(heard, () => this.#overflow(watched, source)) || more;
      }
    }
    more = this.#rescans.go(() => this.#waiting.length < MAX_WAITING) || more;
    if (!more && this.#waiting.length < MAX_WAITING) this.#rescans.allHeard();
    this.#note();
    more = this.#settle() || more;
    this.#options.handOver?.();
    this.#note();
    return more;
  }

  tick(): void {
    // Nothing has come, so nothing has happened up to now.
    if (!this.#hasRead && this.#waiting.length === 0 && this.#hashing === undefined && this.#rescans.isDone) {
      this.#rescans.allHeard();
      this.#note();
    }
    this.#hasRead = false;
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
      this.#waiting.push({ ...change, action, categories, occurred, hash, after: this.#rescans.foundUntil });
    }
  }

  #overflow(watched: WatchedFiles, source: FileSource): void {
    this.#overflows += 1;
    if (!this.#rescans.overflow(watched, source)) return;
    this.#warn(`${this.name}: the kernel lost events: looks for what has changed since; what was deleted is not known`);
  }

  /** How far it has come: the next one goes on from there, should it be given up. */
  #note(): void {
    const oldest = this.#hashing?.change ?? this.#waiting[0];
    const since = Math.min(oldest?.after ?? Number.POSITIVE_INFINITY, this.#rescans.foundUntil);
    const waiting = this.#waiting.length + (this.#hashing === undefined ? 0 : 1);
    this.#options.progress?.note(since, waiting + (this.#options.scans?.waiting ?? 0));
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
    if (this.#options.progress !== undefined) this.#options.progress.pending = change;
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
    if (this.#options.progress !== undefined) this.#options.progress.pending = undefined;
  }

  /** A change whose file does not answer, without what only the file knows. */
  #tellUnseen({ path, action, occurred, cookie, pid, hash }: PendingChange): void {
    const categories = this.#watched.find((its) => its.hash === hash)?.rules.match(path) ?? [];
    const isHashed = hash && (action === 'CREATED' || action === 'UPDATED');
    for (const category of categories) {
      this.#events += 1;
      const seen = { stat: undefined, digests: undefined, isHashed };
      this.#emit({ occurred, path, category, action, transaction: cookie, pid, ...seen });
    }
  }
}
