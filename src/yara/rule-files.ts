import { dirname, join } from 'node:path';
import { HostError, MalformedInput, UserError } from '../base/errors.ts';
import type { Files } from '../host/host.ts';
import { parseYaraIncludes } from '../parse/yara-include.ts';
import type { RuleSource } from './engine.ts';

/** Where rule files are that are named without a directory, as in osquery. */
const HOME = '/etc/osquery/yara';
/** Of all files of a group: rules that do not fit into YARA's memory any more. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Of all files of a group, those that they include, too. */
const MAX_FILES = 10_000;
/** Of files that include files. */
const MAX_DEPTH = 32;
/** What yarac(1) writes begins so. */
const COMPILED = 'YARA';

/** What a group was read from, and how these files were then. */
export interface RuleFiles {
  readonly sources: readonly RuleSource[];
  readonly stamps: ReadonlyMap<string, string>;
}

/** The files of a group, and those that they include, each once and before the first that includes it. */
export function readRuleFiles(files: Files, names: readonly string[], complain: (message: string) => void): RuleFiles {
  const sources: RuleSource[] = [];
  const stamps = new Map<string, string>();
  let bytes = 0;

  function read(path: string, place: string, depth: number): void {
    if (stamps.has(path)) return;
    stamps.set(path, stampOf(files, path));
    try {
      if (stamps.size > MAX_FILES) throw new UserError(`more than ${MAX_FILES} files`);
      if (depth > MAX_DEPTH) throw new UserError(`includes go deeper than ${MAX_DEPTH}`);
      const text = files.readText(path, { limit: MAX_BYTES - bytes });
      bytes += Buffer.byteLength(text);
      if (text.startsWith(COMPILED)) throw new UserError(`${path}: is compiled; the source of the rules is needed`);
      if (!text.isWellFormed()) throw new UserError(`${path}:${lineOfBadText(text)}: is not UTF-8`);
      const own = parseYaraIncludes(text.replace(/^\ufeff/, ''), path);
      for (const { path: included, line } of own.includes) {
        const at = included.startsWith('/') ? included : join(dirname(path), included);
        read(at, `${path}:${line}: `, depth + 1);
      }
      sources.push({ path, text: own.text });
    } catch (cause) {
      if (!(cause instanceof HostError || cause instanceof MalformedInput || cause instanceof UserError)) throw cause;
      complain(place + cause.message);
    }
  }

  for (const name of names) read(name.startsWith('/') ? name : join(HOME, name), '', 0);
  return { sources, stamps };
}

/** Whether files are not any more what they were. */
export function haveChanged(files: Files, stamps: ReadonlyMap<string, string>): boolean {
  return [...stamps].some(([path, stamp]) => stampOf(files, path) !== stamp);
}

function stampOf(files: Files, path: string): string {
  try {
    const { inode, size, mtime, ctime } = files.stat(path);
    return `${inode} ${size} ${mtime} ${ctime}`;
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
    return cause.code;
  }
}

function lineOfBadText(text: string): number {
  return text.split('\n').findIndex((line) => !line.isWellFormed()) + 1;
}
