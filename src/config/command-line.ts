import { UserError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { OptionValues, shorten } from './option-values.ts';
import { ELSEWHERE } from './options/elsewhere.ts';
import type { OptionDeclaration } from './options.ts';

/** Flagfiles read in all: they may name each other, and then would never end. */
const MAX_FLAGFILES = 64;
/** A flag: one dash or two, a name, and perhaps a value. Text with blanks before any `=` is no flag but a comment in SQL. */
const FLAG = /^--?([^\s=]+)(?:=([\s\S]*))?$/;
/** A line of a flagfile. gflags takes the rest of the line for the value, so that it needs no quotes. */
const FLAGFILE_LINE = /^(?!-+$)--?([^\s=]+)(?:(?:=|[ \t]+(?![ \t=]))(.*))?$/;

export interface ParsedCommandLine {
  readonly values: OptionValues;
  /** What is no flag: the SQL of a one-shot query. */
  readonly operands: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
  /** The flagfile that was read, for `.show`. */
  readonly flagfile: string;
}

export interface CommandLineSources {
  /** The text of a file. Throws where it cannot be read. */
  readFile(path: string): string;
  /** Read when no flagfile is named, if it is there. */
  readonly defaultFlagfile?: string;
  readonly declarations?: readonly OptionDeclaration[];
}

interface State {
  readonly values: OptionValues;
  readonly readFile: (path: string) => string;
  readonly operands: string[];
  help: boolean;
  version: boolean;
  flagfile: string;
  flagfilesRead: number;
}

/** Says already in which line of which flagfile the error is. */
class FlagfileError extends UserError {}

/**
 * Reads a command line as gflags does (https://gflags.github.io/gflags/#commandline): `--name=value`, `--name value`,
 * `--name` and `--noname` for a bool, one dash or two, `--` ends. Throws `UserError` with gflags' words.
 */
export function parseCommandLine(args: readonly string[], sources: CommandLineSources): ParsedCommandLine {
  const { readFile, defaultFlagfile, declarations } = sources;
  const values = new OptionValues(declarations);
  const state: State = { values, readFile, operands: [], help: false, version: false, flagfile: '', flagfilesRead: 0 };
  const named = args.some((arg) => /^--?flagfile(=|$)/.test(arg));
  if (!named && defaultFlagfile !== undefined) readDefault(state, defaultFlagfile);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') {
      state.operands.push(...args.slice(i + 1));
      break;
    }
    const [, name, attached] = FLAG.exec(arg) ?? [];
    if (name === undefined) state.operands.push(arg);
    else if (readFlag(state, name, attached, args[i + 1])) i += 1;
  }
  const { operands, help, version, flagfile } = state;
  return { values, operands, help, version, flagfile };
}

function readDefault(state: State, path: string): void {
  let text: string;
  try {
    text = state.readFile(path);
  } catch {
    return;
  }
  parseFlagfile(state, path, text);
}

/** Reads one flag; true where the next argument was its value. */
function readFlag(state: State, written: string, attached: string | undefined, next: string | undefined): boolean {
  const name = written.replaceAll('-', '_');
  if (name === 'help' || name === 'h') state.help = true;
  else if (name === 'version') state.version = true;
  else if (name === 'flagfile') {
    const path = attached ?? next;
    if (path === undefined) throw missing(name);
    readFlagfile(state, path);
    return attached === undefined;
  } else return setFlag(state.values, name, attached, next);
  return false;
}

/** Sets one flag; true where the next argument was its value. */
function setFlag(values: OptionValues, name: string, attached: string | undefined, next: string | undefined): boolean {
  const declaration = values.declaration(name);
  if (declaration === undefined) {
    const positive = name.startsWith('no') ? values.declaration(name.slice(2)) : undefined;
    if (positive?.[1] === 'bool' && attached === undefined) {
      values.set(positive, 'false');
      return false;
    }
    throw unknown(values, name);
  }
  if (attached !== undefined) values.set(declaration, attached);
  else if (declaration[1] === 'bool') values.set(declaration, 'true');
  else if (next === undefined) throw missing(name);
  else {
    values.set(declaration, next);
    return true;
  }
  return false;
}

function readFlagfile(state: State, path: string): void {
  let text: string;
  try {
    text = state.readFile(path);
  } catch (cause) {
    throw new UserError(`cannot read flagfile ${path}: ${(cause as Error).message}`);
  }
  parseFlagfile(state, path, text);
}

/**
 * A flag a line; blank lines and those that begin with # are comments. Flags of other systems are skipped, so that a fleet
 * can share a file; anything else is refused, where gflags skips it.
 * What stands there is not repeated: it may be the rest of a secret, or of a file that is no flagfile.
 */
function parseFlagfile(state: State, path: string, text: string): void {
  state.flagfilesRead += 1;
  if (state.flagfilesRead > MAX_FLAGFILES)
    throw new UserError(`more than ${MAX_FLAGFILES} flagfiles, at ${path}: do they name each other?`);
  state.flagfile ||= path;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    try {
      const [, name, value] = FLAGFILE_LINE.exec(line) ?? [];
      if (name === undefined) throw new UserError('not a flag: --name=value, a line each');
      if (!isElsewhere(name)) readFlag(state, name, value, undefined);
    } catch (cause) {
      if (cause instanceof FlagfileError || !(cause instanceof UserError)) throw cause;
      throw new FlagfileError(`${path}:${i + 1}: ${cause.message}`);
    }
  }
}

/** Whether a flag, or a bool with `no` before it, is one of other systems. */
function isElsewhere(written: string): boolean {
  const name = written.replaceAll('-', '_');
  return ELSEWHERE.has(name) || ELSEWHERE.has(name.replace(/^no/, ''));
}

function missing(name: string): UserError {
  return new UserError(`flag '--${shorten(name)}' is missing its argument`);
}

function unknown(values: OptionValues, name: string): UserError {
  const near = nearest(
    name,
    Array.from(values.declarations, ([known]) => known),
  );
  const hint = near === undefined ? '' : `\n  did you mean --${near}?`;
  return new UserError(`unknown command line flag '${shorten(name)}'${hint}`);
}
