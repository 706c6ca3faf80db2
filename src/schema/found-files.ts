import { HostError, isAbsent } from '../base/errors.ts';
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
 * The files that the constraints name, found while the caller pulls: none is held. A constraint on `path` comes first,
 * because both must hold and SQLite checks the other one. LIKE and GLOB patterns are osquery's path wildcards: `%` stays
 * within a directory, `%%` at the end goes down all levels (`host/glob.ts`). `stat`: the files will be looked at.
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
  const pathPattern = wildcards(pathPatterns);
  if (pathPattern !== undefined) return expand(files, pathPattern, { onError, stat });
  if (directories !== undefined) return allListed(files, directories, stat, onError);
  const directoryPattern = wildcards(directoryPatterns);
  if (directoryPattern === undefined) return [];
  const matching = expand(files, directoryPattern, { only: 'directories', onError });
  return allListed(files, pathsOf(matching), stat, onError);
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

/** Several patterns must all hold: the first is looked for, SQLite checks the others. */
function wildcards(patterns: readonly Pattern[]): string | undefined {
  return patterns.find(({ operator }) => operator === 'LIKE' || operator === 'GLOB')?.pattern;
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
