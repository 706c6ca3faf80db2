import { isPartOf, SqlPattern, type State } from './sql-pattern.ts';
import type { SqlOperator } from './sql-tokens.ts';

/** What a query asks of the paths of files and of the directories they lie in. */
export interface FilePatterns {
  readonly paths: readonly PathPattern[];
  readonly directories: readonly PathPattern[];
}

export interface PathPattern {
  readonly operator: SqlOperator;
  readonly pattern: string;
}

/** How far all patterns have come at a directory. */
export interface States {
  readonly paths: readonly State[];
  readonly directories: readonly State[];
  /** Of the directory itself, whether it fits the patterns of directories. */
  readonly listed: Fit;
}

interface Fit {
  /** All patterns as SQL reads them. */
  readonly sql: boolean;
  /** One of them by levels. */
  readonly levels: boolean;
  /** They fit with a slash at the end. */
  readonly marked: boolean;
}

interface Machine {
  readonly pattern: SqlPattern;
  readonly sql: boolean;
  readonly levels: boolean;
}

/** Where a walk begins; `name`: with this entry, and no other. */
interface Root {
  readonly path: string;
  readonly name: string | undefined;
}

const NONE: Fit = { sql: true, levels: false, marked: false };

/**
 * Patterns of which all must fit as SQL reads them, and one that leads also by levels: the widest of those says how far down the
 * files lie, and the others only filter. For absolute paths, or for relative ones; with `working` for absolute paths of which the
 * patterns fit the part behind that directory.
 */
export class Readings {
  readonly absolute: boolean;
  /** All patterns begin with a wildcard, one of them with a `%` alone. */
  readonly adrift: boolean;
  readonly #working: string | undefined;
  /** Undefined where no such path can fit. */
  readonly root: (Root & { readonly states: States }) | undefined;
  readonly #paths: readonly Machine[];
  readonly #directories: readonly Machine[];

  constructor({ paths, directories }: FilePatterns, absolute: boolean, working?: string) {
    this.#working = working;
    this.absolute = absolute;
    const all = [...paths, ...directories].map((pattern) => ({ ...pattern, levels: byLevels(pattern) }));
    const anywhere = all.every(({ levels }) => levels.anywhere);
    this.adrift = anywhere && all.some(({ levels }) => levels.adrift);
    // As in osquery, LIKE leads to the files, and what stands beside one only filters.
    const leads = (one: Leading) => one.operator === 'LIKE' && (!one.levels.adrift || one.levels.goesDown);
    const leader = all.some(leads) ? leads : () => true;
    const made = all.map((one) => machines(one, leader(one), all.length > 1));
    this.#paths = made.slice(0, paths.length).flat();
    this.#directories = made.slice(paths.length).flat();
    // What begins anywhere fits the absolute name of a file.
    const root = anywhere && !absolute ? undefined : this.#rootOf();
    const states = root && this.#begin(root.path);
    this.root = root && states && { ...root, states };
  }

  /** Whether `%%`, or what stands for it, has begun. */
  deep({ paths, directories }: States): boolean {
    return (
      paths.some(({ deep }, i) => deep && this.#paths[i]!.levels) ||
      directories.some(({ deep }, i) => deep && this.#directories[i]!.levels)
    );
  }

  /** Where all below a directory fits: whether files are marked, and have a directory of the query's. */
  all({ paths, directories, listed }: States): { readonly marked: boolean; readonly directory: boolean } | undefined {
    let levels = false;
    for (let i = 0; i < paths.length; i++) {
      if (!paths[i]!.all) {
        if (this.#paths[i]!.sql) return undefined;
      } else levels ||= this.#paths[i]!.levels;
    }
    for (let i = 0; i < directories.length; i++) {
      if (!directories[i]!.all) {
        if (this.#directories[i]!.sql) return undefined;
      } else levels ||= this.#directories[i]!.levels && listed.levels;
    }
    if (!levels || !listed.sql || (directories.length > 0 && !listed.marked)) return undefined;
    const marked = paths.length > 0 && this.#paths.every(({ pattern }) => pattern.marks);
    return { marked, directory: directories.length > 0 };
  }

  /** The states after the name of an entry; undefined where neither it nor anything below it can fit. */
  name({ paths, directories, listed }: States, name: string): States | undefined {
    const inside = paths.map((state, i) => this.#paths[i]!.pattern.after(state, name));
    if (inside.some(({ dead }, i) => dead && this.#paths[i]!.sql)) return undefined;
    const below = directories.map((state, i) => this.#directories[i]!.pattern.after(state, name));
    const alive = isAlive(this.#paths, inside);
    const mayFit = listed.sql && (alive || listed.levels);
    const mayLead = isAllowed(this.#directories, below) && (alive || isAlive(this.#directories, below));
    return mayFit || mayLead ? { paths: inside, directories: below, listed } : undefined;
  }

  /** The states below a directory, from those after its name; undefined where nothing below it can fit. */
  below({ paths, directories }: States): States | undefined {
    const inside = paths.map((state, i) => this.#paths[i]!.pattern.after(state, '/'));
    const marked = directories.map((state, i) => this.#directories[i]!.pattern.after(state, '/'));
    return this.#states(inside, marked, fitOf(this.#directories, directories, 'directory'));
  }

  /** Whether an entry fits, and how it is written then. */
  fit(
    { listed }: States,
    { paths }: States,
    isDirectory: boolean,
    place: string,
  ): { readonly marked: boolean; readonly directory: string | undefined } | undefined {
    if (!listed.sql) return undefined;
    const fit = fitOf(this.#paths, paths, isDirectory ? 'directory' : 'file');
    if (!fit.sql || !(fit.levels || listed.levels)) return undefined;
    return { marked: fit.marked, directory: this.#shown(listed, place) };
  }

  /** The top directory, if it fits. */
  top({ paths, listed }: States): { readonly directory: string | undefined } | undefined {
    const fit = fitOf(this.#paths, paths, 'top');
    if (!fit.sql || !listed.sql || !(fit.levels || listed.levels)) return undefined;
    return { directory: this.#shown(listed, '/') };
  }

  /** The names that the patterns have for an entry, where no wildcard is in them. */
  names({ paths, directories }: States): Set<string> {
    const of = (all: readonly Machine[], states: readonly State[]) =>
      states.flatMap((state, i) => (all[i]!.levels ? all[i]!.pattern.names(state) : []));
    return new Set([...of(this.#paths, paths), ...of(this.#directories, directories)]);
  }

  /** Whether an entry of a directory fits. */
  fits(states: States, name: string, isDirectory: boolean): boolean {
    const inside = this.name(states, name);
    return inside !== undefined && this.fit(states, inside, isDirectory, '') !== undefined;
  }

  /** The states some directories further down; undefined where nothing there can fit. */
  along(states: States, path: string): States | undefined {
    let at: States | undefined = states;
    for (const name of path.split('/')) {
      const inside: States | undefined = at && this.name(at, name);
      at = inside && this.below(inside);
    }
    return at;
  }

  /** What of `states` leads to files to which `others` do not; undefined if that is nothing. */
  without(states: States, others: States): States | undefined {
    const [only] = this.#paths;
    if (only !== undefined && this.#paths.length + this.#directories.length === 1) {
      const rest = only.pattern.without(states.paths[0]!, others.paths[0]!);
      return rest && { ...states, paths: [rest] };
    }
    const { paths, directories, listed } = others;
    const isWithin =
      states.paths.every((state, i) => isPartOf(state, paths[i]!)) &&
      states.directories.every((state, i) => isPartOf(state, directories[i]!)) &&
      (listed.sql || !states.listed.sql) &&
      (listed.levels || !states.listed.levels);
    return isWithin ? undefined : states;
  }

  #shown({ marked }: Fit, place: string): string | undefined {
    if (this.#directories.length === 0) return undefined;
    return marked || place === '/' ? place : place.slice(0, -1);
  }

  #states(paths: readonly State[], directories: readonly State[], listed: Fit): States | undefined {
    const alive = isAlive(this.#paths, paths);
    const mayFit = listed.sql && (alive || listed.levels);
    const mayLead = isAllowed(this.#directories, directories) && (alive || isAlive(this.#directories, directories));
    return isAllowed(this.#paths, paths) && (mayFit || mayLead) ? { paths, directories, listed } : undefined;
  }

  #begin(root: string): States | undefined {
    const from = ({ pattern, levels }: Machine, text: string) => {
      if (this.#working !== undefined && levels) return pattern.begin(false);
      return pattern.after(pattern.begin(this.absolute), this.absolute ? text.slice(1) : text);
    };
    const after = (all: readonly Machine[], text: string) => all.map((machine) => from(machine, text));
    const isTop = root.length <= 1;
    const named = after(this.#directories, isTop ? root : root.slice(0, -1));
    const listed = fitOf(this.#directories, named, isTop ? 'top' : 'directory');
    return this.#states(after(this.#paths, root), after(this.#directories, root), listed);
  }

  /** The longest way that a pattern gives. */
  #rootOf(): Root | undefined {
    if (this.#working !== undefined) return { path: this.#working, name: undefined };
    let longest: Root | undefined;
    const offer = (root: Root) => {
      if (longest === undefined || root.path.length > longest.path.length) longest = root;
    };
    for (const { pattern } of this.#paths) {
      const root = rootOfPath(pattern, this.absolute);
      if (root === undefined) return undefined;
      offer(root);
    }
    for (const { pattern } of this.#directories) {
      const root = rootOfDirectory(pattern, this.absolute);
      if (root === undefined) return undefined;
      offer(root);
    }
    return longest;
  }
}

interface Leading extends PathPattern {
  readonly levels: SqlPattern;
}

function byLevels({ operator, pattern }: PathPattern): SqlPattern {
  return new SqlPattern(operator, pattern, 'levels');
}

/** One pattern read in both ways; by one machine where they are the same, or nothing else is asked. */
function machines({ operator, pattern, levels }: Leading, leads: boolean, several: boolean): Machine[] {
  if (!several || !levels.staysInNames) return [{ pattern: levels, sql: true, levels: leads }];
  const filter = { pattern: new SqlPattern(operator, pattern, 'sql'), sql: true, levels: false };
  return leads ? [filter, { pattern: levels, sql: false, levels: true }] : [filter];
}

function fitOf(all: readonly Machine[], states: readonly State[], what: 'file' | 'directory' | 'top'): Fit {
  if (all.length === 0) return NONE;
  let [sql, marked, slash, levels] = [true, true, false, false];
  for (let i = 0; i < all.length; i++) {
    const machine = all[i]!;
    const { pattern } = machine;
    const { fits } = states[i]!;
    const ended = what === 'top' ? fits : what === 'directory' && pattern.ended(states[i]!);
    const fitsHere = pattern.slash ? ended : fits;
    if (machine.sql) {
      sql &&= fitsHere;
      marked &&= ended;
      slash ||= pattern.slash;
    }
    levels ||= machine.levels && fitsHere;
  }
  // A pattern that ends in a slash fits a path that does.
  return { sql: sql && (marked || !slash), levels, marked };
}

/** Whether something can still fit as SQL reads all the patterns. */
function isAllowed(all: readonly Machine[], states: readonly State[]): boolean {
  return states.every(({ dead }, i) => !dead || !all[i]!.sql);
}

/** Whether something can still fit one pattern by levels. */
function isAlive(all: readonly Machine[], states: readonly State[]): boolean {
  return states.some(({ dead }, i) => !dead && all[i]!.levels);
}

function rootOfPath({ literal, isLiteral }: SqlPattern, absolute: boolean): Root | undefined {
  if (literal.startsWith('/') ? !absolute : absolute && literal !== '') return undefined;
  const whole = isLiteral ? literal.replace(/\/+$/, '') : literal;
  const path = whole.slice(0, whole.lastIndexOf('/') + 1);
  if (isLiteral && whole !== '') return { path, name: whole.slice(path.length) };
  if (isLiteral && literal === '') return undefined;
  return { path: path === '' && absolute ? '/' : path, name: undefined };
}

function rootOfDirectory({ literal, isLiteral }: SqlPattern, absolute: boolean): Root | undefined {
  if (literal.startsWith('/') ? !absolute : absolute && literal !== '') return undefined;
  if (isLiteral)
    return literal === '' ? undefined : { path: literal.endsWith('/') ? literal : `${literal}/`, name: undefined };
  const path = literal.slice(0, literal.lastIndexOf('/') + 1);
  return { path: path === '' && absolute ? '/' : path, name: undefined };
}
