import { UserError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { OptionValues } from './option-values.ts';
import type { OptionDeclaration } from './options.ts';

/** Flagfiles may name flagfiles; more than this deep is a loop. */
const MAX_FLAGFILE_DEPTH = 8;

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
}

/**
 * Reads a command line as gflags does (https://gflags.github.io/gflags/#commandline): `--name=value`, `--name value`,
 * `--name` and `--noname` for a bool, one dash or two, `--` ends. Throws `UserError` with gflags' words.
 */
export function parseCommandLine(args: readonly string[], sources: CommandLineSources): ParsedCommandLine {
  const { readFile, defaultFlagfile, declarations } = sources;
  const values = new OptionValues(declarations);
  const state: State = { values, readFile, operands: [], help: false, version: false, flagfile: '' };
  const named = args.some((arg) => /^--?flagfile(=|$)/.test(arg));
  if (!named && defaultFlagfile !== undefined) readDefault(state, defaultFlagfile);
  parse(state, args, 0, '');
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
  state.flagfile = path;
  parseFlagfile(state, path, text, 1);
}

/** `place` says where the arguments stand, for messages: empty for the command line. */
function parse(state: State, args: readonly string[], depth: number, place: string): void {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') {
      state.operands.push(...args.slice(i + 1));
      return;
    }
    const match = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(arg);
    if (match === null) {
      state.operands.push(arg);
      continue;
    }
    const name = match[1]!.replaceAll('-', '_');
    const attached = match[2];
    if (name === 'help' || name === 'h') state.help = true;
    else if (name === 'version') state.version = true;
    else if (name === 'flagfile') {
      const path = attached ?? args[++i];
      if (path === undefined) throw missing(place, name);
      readFlagfile(state, path, depth, place);
    } else if (setFlag(state.values, name, attached, args[i + 1], place)) i += 1;
  }
}

/** Sets one flag; true where the next argument was its value. */
function setFlag(
  values: OptionValues,
  name: string,
  attached: string | undefined,
  next: string | undefined,
  place: string,
): boolean {
  const declaration = values.declaration(name);
  if (declaration === undefined) {
    const positive = name.startsWith('no') ? values.declaration(name.slice(2)) : undefined;
    if (positive?.[1] === 'bool' && attached === undefined) {
      values.set(positive, 'false');
      return false;
    }
    throw unknown(values, place, name);
  }
  if (attached !== undefined) values.set(declaration, attached);
  else if (declaration[1] === 'bool') values.set(declaration, 'true');
  else if (next === undefined) throw missing(place, name);
  else {
    values.set(declaration, next);
    return true;
  }
  return false;
}

function readFlagfile(state: State, path: string, depth: number, place: string): void {
  if (depth >= MAX_FLAGFILE_DEPTH)
    throw new UserError(`${place}flagfiles nest more than ${MAX_FLAGFILE_DEPTH} deep at ${path}`);
  let text: string;
  try {
    text = state.readFile(path);
  } catch (cause) {
    throw new UserError(`${place}cannot read flagfile ${path}: ${(cause as Error).message}`);
  }
  state.flagfile ||= path;
  parseFlagfile(state, path, text, depth + 1);
}

/** A flag a line; blank lines and those that begin with # are comments; anything else is no flag, and refused. */
function parseFlagfile(state: State, path: string, text: string, depth: number): void {
  text.split('\n').forEach((raw, i) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const place = `${path}:${i + 1}: `;
    if (!line.startsWith('-')) throw new UserError(`${place}not a flag: ${line.slice(0, 80)}`);
    // gflags takes the rest of the line for the value, so that it needs no quotes.
    const spaced = /^(--?[\w-]+)[ \t]+(.*)$/.exec(line);
    try {
      parse(state, spaced ? [`${spaced[1]}=${spaced[2]}`] : [line], depth, place);
    } catch (cause) {
      const message = (cause as Error).message;
      throw new UserError(message.startsWith(path) ? message : `${place}${message}`);
    }
  });
}

function missing(place: string, name: string): UserError {
  return new UserError(`${place}flag '--${name}' is missing its argument`);
}

function unknown(values: OptionValues, place: string, name: string): UserError {
  const near = nearest(
    name,
    Array.from(values.declarations, ([known]) => known),
  );
  const hint = near === undefined ? '' : `\n  did you mean --${near}?`;
  return new UserError(`${place}unknown command line flag '${name}'${hint}`);
}
