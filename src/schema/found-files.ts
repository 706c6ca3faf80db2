import { HostError, isAbsent, UserError } from '../base/errors.ts';
import { expand } from '../host/glob.ts';
import type { FileKind, FileStat, Files } from '../host/host.ts';
import type { Pattern } from './table.ts';

/** A file that a query asks for. */
export interface FoundFile {
  readonly path: string;
  /** The directory as the query wrote it, where it asked by directory. */
  readonly directory?: string;
  /** Of the file itself, not of what a link leads to; undefined while nobody looked whether the file is there. */
  readonly kind?: FileKind;
  /** As in `ScannedEntry`: what was seen on the way, right until the next file is pulled. */
  readonly stat?: FileStat | undefined;
  readonly target?: FileStat | null | undefined;
}

/** The constraints of a table with `path` and `directory` columns. */
export interface FileConstraints {
  readonly paths: readonly string[] | undefined;
  readonly pathPatterns: readonly Pattern[];
  readonly directories: readonly string[] | undefined;
  readonly directoryPatterns: readonly Pattern[];
}

export type OnError = (message: string, cause: HostError) => void;

/**
 * The files that the constraints name, found while the caller pulls: none is held. All constraints must hold, so the one
 * that names the fewest files is followed, and SQLite checks the others. LIKE and GLOB patterns are osquery's path
 * wildcards: `%` stays within a directory, `%%` at the end goes down all levels (`host/glob.ts`). `stat`: the files will
 * be looked at.
 */
export function foundFiles(
  files: Files,
  constraints: FileConstraints,
  warn: OnError,
  stat = false,
): Iterable<FoundFile> {
  const { paths, pathPatterns, directories, directoryPatterns } = constraints;
  const onError = (_path: string, cause: HostError) => warn('cannot read a directory', cause);
  if (paths !== undefined) return paths.filter((path) => path !== '').map((path) => ({ path }));
  if (directories !== undefined) return allListed(files, directories, stat, onError);
  const pathPattern = wildcard(pathPatterns);
  if (pathPattern !== undefined) return expand(files, pathPattern, { onError, stat });
  const directoryPattern = wildcard(directoryPatterns);
  if (directoryPattern !== undefined) {
    const matching = expand(files, directoryPattern, { only: 'directories', onError });
    return allListed(files, pathsOf(matching), stat, onError);
  }
  if ([...pathPatterns, ...directoryPatterns].some(isWildcard)) return [];
  throw new UserError('REGEXP does not say where to look: constrain path or directory by =, IN, LIKE or GLOB');
}

function* pathsOf(found: Iterable<{ readonly path: string }>): Generator<string> {
  for (const { path } of found) yield path;
}

function* allListed(
  files: Files,
  directories: Iterable<string>,
  stat: boolean,
  onError: (path: string, cause: HostError) => void,
): Generator<FoundFile> {
  for (const directory of directories) yield* listed(files, directory, stat, onError);
}

/** The first that says where to begin: `%.conf` leads nowhere. */
function wildcard(patterns: readonly Pattern[]): string | undefined {
  return patterns.find((pattern) => isWildcard(pattern) && pattern.pattern.startsWith('/'))?.pattern;
}

function isWildcard({ operator }: Pattern): boolean {
  return operator === 'LIKE' || operator === 'GLOB';
}

/** The entries of a directory, hidden ones too; a link is one of them, wherever it leads. */
function* listed(
  files: Files,
  directory: string,
  stat: boolean,
  onError: (path: string, cause: HostError) => void,
): Generator<FoundFile> {
  if (!directory.startsWith('/')) return;
  const prefix = directory.endsWith('/') ? directory : `${directory}/`;
  try {
    for (const { name, kind, stat: own, target } of files.scan(directory, { stat })) {
      yield { path: prefix + name, directory, kind, stat: own, target };
    }
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    if (!isAbsent(cause)) onError(directory, cause);
  }
}
