import { HostError, isAbsent } from '../base/errors.ts';
import type { FileKind, FileStat, Files, ScannedEntry } from './host.ts';

/** A file found. A directory, or a link to one, ends in `/`. */
export interface Found {
  readonly path: string;
  /** Of the file itself: a link is a `symlink`, wherever it leads. What a directory told; no `stat` was needed. */
  readonly kind: FileKind;
  /** What the host knew anyway, as in `ScannedEntry`: right until the next file is pulled. */
  readonly stat?: FileStat | undefined;
  readonly target?: FileStat | null | undefined;
}

export interface WalkOptions {
  /** The files found will be looked at, so `stat` is wanted where it comes cheap. */
  readonly stat?: boolean;
  /** A directory could not be read; the walk goes on. One that went meanwhile is not worth a word. */
  readonly onError?: (path: string, cause: HostError) => void;
}

/**
 * The roots and everything below them, hidden files too: of a directory first its own entries, then those of each of
 * its directories. One directory is open at a time, and only the names of directories yet to visit are held.
 *
 * A link to a directory is followed, as osquery does, after all that is no link, and only where it leads to what was not
 * walked: so there are no cycles, and a file is found under its own path if it has one below the roots. `covered` is a
 * directory of which the roots are all that matters.
 */
export function* walk(
  files: Files,
  roots: Iterable<Found>,
  options: WalkOptions = {},
  covered?: string,
): Generator<Found> {
  const walked = new WalkedTrees(files);
  if (covered !== undefined) walked.add(covered);
  /** To directories; the list grows while it is walked. */
  const links: string[] = [];
  const keep = linkKeeper(links, walked, options);
  let followed = 0;
  /** How many of its directories were visited before, of those that have too many to hold. */
  const again = new Map<string, number>();
  const rest = roots[Symbol.iterator]();
  // One generator, no matter how it looks: each one on the way costs a million files a fifth of a second.
  try {
    for (;;) {
      const { done, value: root } = rest.next();
      let top: string | undefined;
      if (done !== true) {
        yield root;
        if (root.path.endsWith('/')) {
          if (root.kind === 'symlink') keep(root.path);
          else {
            top = root.path;
            walked.add(top);
          }
        }
      } else if (followed < links.length) {
        const link = links[followed++]!;
        if (walked.add(link)) top = link;
      } else {
        return;
      }
      const pending = top === undefined ? [] : [top];
      for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
        const skip = again.get(directory) ?? 0;
        const below: string[] = [];
        const room = roomFor(pending.length);
        let directories = 0;
        let more = false;
        try {
          using scan = files.scan(directory, options);
          for (let entry = scan.read(); entry !== undefined && !(more && skip > 0); entry = scan.read()) {
            const { kind } = entry;
            const found = skip > 0 ? undefined : mark(files, directory + entry.name, entry);
            if (found !== undefined) yield found;
            if (kind === 'directory' && directories++ >= skip) {
              more = below.length === room;
              if (!more) below.push(found?.path ?? `${directory}${entry.name}/`);
            } else if (kind === 'symlink' && found?.path.endsWith('/')) keep(found.path);
          }
        } catch (cause) {
          report(directory, cause, options);
        }
        if (more) {
          again.set(directory, skip + room);
          pending.push(directory);
        } else if (skip > 0) again.delete(directory);
        while (below.length > 0) pending.push(below.pop()!);
      }
    }
  } finally {
    rest.return?.();
  }
}

/** About 100 bytes each. */
const MAX_WAITING = 100_000;
const LEAST_ROOM = 20_000;

/**
 * How many directories of one are held before they are visited. A user may make a million in one: then those are visited,
 * and the one is read again for the next ones.
 */
export function roomFor(waiting: number): number {
  return Math.max(LEAST_ROOM, MAX_WAITING - waiting);
}

/** Links that are held without a look at where they lead: more than an honest tree has. */
const FREE_LINKS = 10_000;
const MAX_LINKS = 100_000;

/** Holds links to directories until all else was walked; of many only those that lead somewhere new. */
function linkKeeper(links: string[], walked: WalkedTrees, options: WalkOptions): (link: string) => void {
  const targets = new Set<string>();
  return (link) => {
    if (links.length >= FREE_LINKS) {
      const target = walked.realPathOf(link);
      if (target === undefined || walked.covers(target) || targets.has(target)) return;
      if (links.length >= MAX_LINKS) return options.onError?.(link, new HostError('EMLINK', link, TRUNCATED));
      targets.add(target);
    }
    links.push(link);
  };
}

const TRUNCATED = `truncated: more than ${MAX_LINKS} links to directories; one that is not followed:`;

/** The entries of one directory, given with a `/` at the end; those that `fits` refuses cost nothing more. */
export function* entries(
  files: Files,
  directory: string,
  options: WalkOptions,
  fits?: (name: string) => boolean,
): Generator<Found> {
  try {
    for (const entry of files.scan(directory, options)) {
      if (fits === undefined || fits(entry.name)) yield mark(files, directory + entry.name, entry);
    }
  } catch (cause) {
    report(directory, cause, options);
  }
}

/** One path, marked; undefined where it does not exist. */
export function look(files: Files, path: string, options: WalkOptions): Found | undefined {
  try {
    return mark(files, path, { kind: files.linkStat(path).kind });
  } catch (cause) {
    report(path, cause, options);
    return undefined;
  }
}

function mark(files: Files, path: string, { kind, stat, target }: Omit<ScannedEntry, 'name'>): Found {
  const directory = kind === 'directory' || (kind === 'symlink' && leadsToDirectory(files, path, target));
  return { path: directory ? `${path}/` : path, kind, stat, target };
}

export function leadsToDirectory(files: Files, path: string, target: FileStat | null | undefined): boolean {
  if (target !== undefined) return target?.kind === 'directory';
  try {
    return files.stat(path).kind === 'directory';
  } catch (cause) {
    // Dangling, looping, forbidden: the link itself is still there.
    if (cause instanceof HostError) return false;
    throw cause;
  }
}

/** Only a refusal of the host is survived: a query that is stopped must stop. */
export function report(path: string, cause: unknown, { onError }: WalkOptions): void {
  if (!(cause instanceof HostError)) throw cause;
  if (!isAbsent(cause)) onError?.(path, cause);
}

/** Trees by the real path of their root: a handful, where a set of all directories would grow with the disk. */
class WalkedTrees {
  readonly #files: Files;
  readonly #roots = new Set<string>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** False where the directory lies in a tree that was added before, or is not there. */
  add(directory: string): boolean {
    const real = this.realPathOf(directory);
    if (real === undefined || this.covers(real)) return false;
    this.#roots.add(real);
    return true;
  }

  /** Whether a canonical path lies in a tree that was added. */
  covers(real: string): boolean {
    for (let at = real; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) if (this.#roots.has(at)) return true;
    return this.#roots.has('/');
  }

  realPathOf(directory: string): string | undefined {
    try {
      return this.#files.realPath(directory);
    } catch (cause) {
      if (cause instanceof HostError) return undefined;
      throw cause;
    }
  }
}
