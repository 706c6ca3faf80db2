import { HostError } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { integerOf, isSpace } from './coerce.ts';
import type { SqlFunction, SqlValue } from './function.ts';

export interface PathOptions {
  /** The machine whose files decide; without, no file exists. */
  readonly files?: Pick<Files, 'stat'> | undefined;
}

/** `PATH_MAX` (`include/uapi/linux/limits.h`): the kernel takes no longer path, so that no longer one is tried. */
const PATH_MAX = 4096;

interface CommandLine {
  readonly text: string;
  /** Whether white space between double quotes belongs to a word. */
  readonly quoting: boolean;
  /** The character before one that stands for itself. */
  readonly escapedBy: string;
}

export function pathFunctions({ files }: PathOptions): readonly SqlFunction[] {
  const arity = { min: 0, max: 3 };
  const isFile = (path: string) => {
    if (!path.startsWith('/')) return false;
    try {
      return files !== undefined && files.stat(path).kind !== 'directory';
    } catch (error) {
      if (error instanceof HostError) return false;
      throw error;
    }
  };
  return [
    {
      name: 'find_file_path_in_cmd',
      arity,
      accepts: 'text',
      deterministic: false,
      description:
        'The shortest beginning of a command line that is the path of a file; empty where there is none. Second ' +
        'argument: 1 if double quotes group words. Third: the escape character, default a backslash',
      example: "find_file_path_in_cmd('/bin/sh -c true')",
      call(...args: SqlValue[]) {
        const command = commandLine(args);
        // osquery names the function by the name that it once had.
        if (command === undefined) throw new Error('Invalid inputs to find_binary_path_from_cmd');
        for (const path of beginnings(command)) if (isFile(path)) return path;
        return '';
      },
    },
    {
      name: 'is_path_deterministic',
      arity,
      accepts: 'text',
      deterministic: false,
      description:
        'Whether at most one beginning of a command line is the path of a file, so that a space in it cannot start ' +
        'another program. Arguments as of `find_file_path_in_cmd`',
      example: "is_path_deterministic('/bin/sh -c true')",
      call(...args: SqlValue[]) {
        const command = commandLine(args);
        if (command === undefined) throw new Error('Invalid inputs to is_path_deterministic');
        let found = 0;
        for (const path of beginnings(command)) {
          if (isFile(path)) found += 1;
          if (found > 1) return false;
        }
        return true;
      },
    },
    {
      name: 'parent_directory',
      arity: 1,
      accepts: 'value',
      description: 'What stands before the last slash of a path; NULL where there is no slash',
      example: "parent_directory('/etc/passwd')",
      call(path: SqlValue) {
        if (typeof path !== 'string') throw new Error('Invalid inputs to parent_directory, TEXT was expected');
        const slash = path.lastIndexOf('/');
        return slash < 0 ? null : path.slice(0, slash);
      },
    },
  ];
}

/** Undefined for arguments that make none. */
function commandLine(args: readonly SqlValue[]): CommandLine | undefined {
  const [text, quoting = '0', escapedBy = '\\'] = args as (string | null)[];
  if (text === undefined || text === null || quoting === null || escapedBy?.length !== 1) return undefined;
  return { text, quoting: integerOf(quoting) !== 0, escapedBy };
}

/** What the path of the program may be, shortest first: up to each white space, and the whole. */
function* beginnings({ text, quoting, escapedBy }: CommandLine): Generator<string> {
  let path = '';
  let quoted = false;
  let at = 0;
  while (isSpace(text, at)) at++;
  for (; at < text.length && path.length <= PATH_MAX; at++) {
    const character = text[at]!;
    if (quoting && character === '"') {
      quoted = !quoted;
      continue;
    }
    if (character === escapedBy) {
      at += 1;
      path += text[at] ?? '';
      continue;
    }
    if (!quoted && isSpace(text, at)) yield path;
    path += character;
  }
  if (path.length <= PATH_MAX) yield path;
}
