import { HostError, ifReadable, isAbsent, UserError } from '../base/errors.ts';
import { find } from '../host/find.ts';
import type { FileKind, FileStat, Files } from '../host/host.ts';
import type { PathPattern } from '../host/readings.ts';
import type { Pattern } from './table.ts';

/** A file that a query asks for. */
export interface FoundFile {
  /** As the query has it: relative to the working directory where it wrote it so (`locationOf`). */
  readonly path: string;
  /** The directory as the query wrote it, where it asked by directory. */
  readonly directory?: string | undefined;
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

export type OnError = (message: string, cause?: HostError) => void;

/**
 * The files that the constraints name, found while the caller pulls: none is held. All constraints must hold, and SQLite checks
 * each row again, so what is found is at least what it keeps. `stat`: the files will be looked at.
 */
export function foundFiles(
  files: Files,
  constraints: FileConstraints,
  warn: OnError,
  stat = false,
): Iterable<FoundFile> {
  const { paths, directories } = constraints;
  const onError = (_path: string, cause: HostError) => warn('cannot read a directory', cause);
  if (paths !== undefined) return paths.filter((path) => path !== '').map((path) => ({ path }));
  if (directories !== undefined) return allListed(files, directories, stat, onError);
  const patterns = {
    paths: constraints.pathPatterns.filter(isWildcard),
    directories: constraints.directoryPatterns.filter(isWildcard),
  };
  const all = [...patterns.paths, ...patterns.directories];
  if (all.length === 0) {
    const operators = [...constraints.pathPatterns, ...constraints.directoryPatterns].map(({ operator }) => operator);
    const what = operators.length > 0 ? [...new Set(operators)].join(' and ') : 'The condition';
    throw new UserError(`${what} does not say where to look: constrain path or directory by =, IN, LIKE or GLOB`);
  }
  if (all.every(isAdrift)) warn(ADRIFT);
  return find(files, patterns, { onError, stat });
}

/** Where a path of a query lies. */
export function locationOf(files: Files, path: string): string {
  if (path.startsWith('/')) return path;
  const working = files.workingDirectory();
  return working.endsWith('/') ? working + path : `${working}/${path}`;
}

/** The directory of a path, as dirname(1) has it, but '' where it names none. */
export function parentOf(path: string): string {
  const end = path.replace(/\/+$/, '').lastIndexOf('/');
  if (end < 0) return path.startsWith('/') ? '/' : '';
  return path.slice(0, end).replace(/\/+$/, '') || '/';
}

const ADRIFT =
  'a pattern that begins with % is looked for in the working directory and in / only, each % one level: begin it with a directory, or with /%% for all levels';

function isAdrift({ operator, pattern }: PathPattern): boolean {
  return operator === 'LIKE' && pattern.startsWith('%') && !pattern.includes('%%');
}

function isWildcard(pattern: Pattern): pattern is Pattern & PathPattern {
  return pattern.operator !== 'REGEXP' && pattern.operator !== 'MATCH';
}

function* allListed(
  files: Files,
  directories: Iterable<string>,
  stat: boolean,
  onError: (path: string, cause: HostError) => void,
): Generator<FoundFile> {
  for (const directory of directories) yield* listed(files, directory, stat, onError);
}

/** The entries of a directory, hidden ones too; a link is one of them, wherever it leads. */
function* listed(
  files: Files,
  directory: string,
  stat: boolean,
  onError: (path: string, cause: HostError) => void,
): Generator<FoundFile> {
  const location = directory === '' ? undefined : ifReadable(() => locationOf(files, directory));
  if (location === undefined) return;
  const prefix = directory.endsWith('/') ? directory : `${directory}/`;
  try {
    for (const { name, kind, stat: own, target } of files.scan(location, { stat })) {
      yield { path: prefix + name, directory, kind, stat: own, target };
    }
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    if (!isAbsent(cause)) onError(directory, cause);
  }
}
