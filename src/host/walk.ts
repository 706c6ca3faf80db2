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
  let followed = 0;
  const rest = roots[Symbol.iterator]();
  // One generator, no matter how it looks: each one on the way costs a million files a fifth of a second.
  try {
    for (;;) {
      const { done, value: root } = rest.next();
      let top: string | undefined;
      if (done !== true) {
        yield root;
        if (root.path.endsWith('/')) {
          if (root.kind === 'symlink') links.push(root.path);
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
        const below: string[] = [];
        try {
          using scan = files.scan(directory, options);
          for (let entry = scan.read(); entry !== undefined; entry = scan.read()) {
            const { kind } = entry;
            const found = mark(files, directory + entry.name, entry);
            yield found;
            if (kind === 'directory') below.push(found.path);
            else if (kind === 'symlink' && found.path.endsWith('/')) links.push(found.path);
          }
        } catch (cause) {
          report(directory, cause, options);
        }
        while (below.length > 0) pending.push(below.pop()!);
      }
    }
  } finally {
    rest.return?.();
  }
}

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
    let real: string;
    try {
      real = this.#files.realPath(directory);
    } catch (cause) {
      if (cause instanceof HostError) return false;
      throw cause;
    }
    for (let at = real; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) if (this.#roots.has(at)) return false;
    if (this.#roots.has('/')) return false;
    this.#roots.add(real);
    return true;
  }
}
