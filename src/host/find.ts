import { HostError, ifReadable, isAbsent } from '../base/errors.ts';
import type { Files } from './host.ts';
import { type FilePatterns, Readings, type States } from './readings.ts';
import { type Found, leadsToDirectory, report, type WalkOptions } from './walk.ts';

/** A file found by patterns. */
export interface FoundByPattern extends Found {
  /** The directory it lies in, as the patterns of directories have it; undefined where there are none. */
  readonly directory?: string | undefined;
}

/** A directory that is walked, or will be. */
interface Place {
  /** With a slash at its end; '' for the working directory. */
  readonly path: string;
  readonly states: States;
  /** Links on the way. */
  readonly links: number;
  /** Where it really lies; undefined of a link that was not followed yet, and where nobody may know. */
  readonly real: string | undefined;
  /** The states that walks under other names are in here: what fits from them on is found there. */
  readonly others: readonly States[];
  /** What its own walk began with. */
  readonly own: States;
}

/** Trees that were walked, or will be, by the real path of their root: the states that they were entered with. */
type Walked = Map<string, States[]>;

/**
 * The files whose path and directory fit all the patterns (`docs/adr/0028-patterns-of-paths.md`), each once, hidden ones too,
 * found while the caller pulls. What leads to the first wildcard is taken as it is written, and nothing else is read of it.
 *
 * A directory ends in `/` where the patterns let it: `/etc/%` finds `/etc/ssh/`, `/etc/ss_` finds `/etc/ssh`.
 *
 * A link to a directory is followed after all that is no link. If it is the first on its way, and no `%%` came before it, its
 * directory has a name of its own, and is walked; others only where they lead to what no walk of these patterns covers. So a
 * walk ends, and each file is found at least once.
 */
export function find(files: Files, patterns: FilePatterns, options: WalkOptions = {}): Iterable<FoundByPattern> {
  const absolute = new Readings(patterns, true);
  const readings = [absolute];
  const isAbsolute = [...patterns.paths, ...patterns.directories].some(({ pattern }) => pattern.startsWith('/'));
  if (!isAbsolute) readings.unshift(new Readings(patterns, false));
  if (absolute.adrift) {
    const working = workingDirectory(files);
    if (working !== undefined && working !== '/') readings.push(new Readings(patterns, true, working));
  }
  const walked: Walked = new Map();
  const searches = readings
    .filter(({ root }) => root !== undefined)
    .map((one, i) => new Search(files, one, options, walked, i > 0));
  const [only] = searches;
  // Each generator on the way costs a million files a fifth of a second.
  return searches.length === 1 ? only!.run() : chained(searches);
}

/** With a slash at its end; undefined if it is gone. */
function workingDirectory(files: Files): string | undefined {
  const path = ifReadable(() => files.workingDirectory());
  return path === undefined || path.endsWith('/') ? path : `${path}/`;
}

function* chained(searches: readonly Search[]): Generator<FoundByPattern> {
  for (const search of searches) yield* search.run();
}

function below(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

/** One walk: of absolute paths, or of those that begin in the working directory. */
class Search {
  readonly #files: Files;
  readonly #readings: Readings;
  readonly #options: WalkOptions;
  readonly #walked: Walked;
  /** Another walk of the same patterns came before. */
  readonly #again: boolean;
  /** What is put before a path to find it. */
  #base = '';
  /** Directories to walk, and links to such to walk when nothing else is left. */
  readonly #pending: Place[] = [];
  readonly #links: Place[] = [];
  #followed = 0;

  constructor(files: Files, readings: Readings, options: WalkOptions, walked: Walked, again: boolean) {
    this.#again = again;
    this.#files = files;
    this.#readings = readings;
    this.#options = options;
    this.#walked = walked;
  }

  *run(): Generator<FoundByPattern> {
    const files = this.#files;
    const options = this.#options;
    const readings = this.#readings;
    const { path: root, name, states } = readings.root!;
    if (!readings.absolute) {
      const working = workingDirectory(files);
      if (working === undefined) return;
      this.#base = working;
    }
    if (root === '/' && name === undefined) {
      const top = readings.top(states);
      if (top !== undefined) yield { path: '/', directory: top.directory, kind: 'directory' };
    }
    const start = { path: root, states, links: 0, real: undefined, others: [], own: states };
    if (name !== undefined) {
      const found = this.#named(start, name);
      if (found !== undefined) yield found;
    } else if (!this.#enter(start, this.#again)) return;
    for (let place = this.#next(); place !== undefined; place = this.#next()) {
      const base = this.#base;
      const all = place.others.length === 0 ? readings.all(place.states) : undefined;
      if (all === undefined) {
        try {
          using scan = files.scan(base + place.path, options);
          for (let entry = scan.read(); entry !== undefined; entry = scan.read()) {
            const found = this.#consider(place, entry.name, entry);
            if (found !== undefined) yield found;
          }
        } catch (cause) {
          report(place.path, cause, options);
          if (cause instanceof HostError && cause.code === 'EACCES') yield* this.#unseen(place);
        }
        continue;
      }
      // All below fits: no name is looked at any more.
      const { links } = place;
      const pending = [place.path];
      for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
        const below: string[] = [];
        const shown = all.directory ? directory : undefined;
        try {
          using scan = files.scan(base + directory, options);
          for (let entry = scan.read(); entry !== undefined; entry = scan.read()) {
            const { kind, stat, target } = entry;
            const path = directory + entry.name;
            const isLink = kind === 'symlink' && leadsToDirectory(files, base + path, target);
            const marked = isLink || kind === 'directory' ? `${path}/` : path;
            yield { path: all.marked ? marked : path, directory: shown, kind, stat, target };
            if (isLink) this.#link(marked, place.states, links);
            else if (marked !== path && !this.#wasWalked(place, path)) below.push(marked);
          }
        } catch (cause) {
          report(directory, cause, options);
        }
        while (below.length > 0) pending.push(below.pop()!);
      }
    }
  }

  /** What is to walk next; a link only if it leads to something new. */
  #next(): Place | undefined {
    const place = this.#pending.pop();
    if (place !== undefined) return place;
    while (this.#followed < this.#links.length) {
      const link = this.#links[this.#followed]!;
      this.#followed += 1;
      if (this.#enter(link, this.#isAgain(link.states, link.links))) return this.#pending.pop();
    }
    return undefined;
  }

  /**
   * Puts a directory on the list, and notes where it really lies. With `rest` only for what no other walk covers; false where
   * that is nothing, or it is not there.
   */
  #enter(place: Place, rest: boolean): boolean {
    const real = ifReadable(() => this.#files.realPath(this.#base + place.path));
    if (rest && real === undefined) return false;
    const others = rest && real !== undefined ? this.#walksAt(real) : [];
    const states = this.#rest(place.states, others);
    if (states === undefined) return false;
    if (real !== undefined) {
      const known = this.#walked.get(real);
      if (known === undefined) this.#walked.set(real, [states]);
      else if (!known.includes(states)) known.push(states);
    }
    this.#pending.push({ ...place, states, real, others, own: states });
    return true;
  }

  /** The states of all walks but one that come through a directory, under whatever name. */
  #walksAt(real: string, but?: States): States[] {
    const found: States[] = [...(this.#walked.get(real) ?? [])];
    for (
      let end = real.lastIndexOf('/');
      end >= 0 && real !== '/';
      end = end > 0 ? real.lastIndexOf('/', end - 1) : -1
    ) {
      for (const walked of this.#walked.get(real.slice(0, end) || '/') ?? []) {
        const states = walked === but ? undefined : this.#readings.along(walked, real.slice(end + 1));
        if (states !== undefined) found.push(states);
      }
    }
    return found;
  }

  #rest(states: States, others: readonly States[]): States | undefined {
    let rest: States | undefined = states;
    for (const other of others) rest &&= this.#readings.without(rest, other);
    return rest;
  }

  /** Whether all below a directory in a place where all fits was found under another name. */
  #wasWalked({ path: top, states, real, links }: Place, path: string): boolean {
    if (links === 0 || real === undefined) return false;
    const others = this.#walked.get(below(real, path.slice(top.length)));
    return others !== undefined && this.#rest(states, others) === undefined;
  }

  /** An entry of a directory: the file, if it fits; what is below it, for later, if some of that can fit. */
  #consider(place: Place, name: string, entry: Omit<Found, 'path'>): FoundByPattern | undefined {
    const readings = this.#readings;
    const inside = readings.name(place.states, name);
    if (inside === undefined) return undefined;
    const { kind, stat, target } = entry;
    const path = place.path + name;
    const isLink = kind === 'symlink';
    const isDirectory = isLink ? leadsToDirectory(this.#files, this.#base + path, target) : kind === 'directory';
    const marked = isDirectory ? `${path}/` : path;
    if (isDirectory) this.#descend(place, name, marked, inside, isLink);
    else if (isLink) this.#explain(place, name, inside);
    const form = readings.fit(place.states, inside, isDirectory, place.path);
    if (form === undefined || place.others.some((other) => readings.fits(other, name, isDirectory))) return undefined;
    return { path: form.marked ? marked : path, directory: form.directory, kind, stat, target };
  }

  #descend(place: Place, name: string, path: string, inside: States, isLink: boolean): void {
    const states = this.#readings.below(inside);
    if (states === undefined) return;
    const { links } = place;
    if (isLink) {
      this.#link(path, states, links);
      return;
    }
    const { own } = place;
    const real = place.real && below(place.real, name);
    if (real === undefined || !this.#isAgain(states, links)) {
      this.#pending.push({ path, states, links, real, others: [], own });
      return;
    }
    const others = this.#isAgain(place.states, links)
      ? [...place.others.flatMap((other) => this.#readings.along(other, name) ?? []), ...(this.#walked.get(real) ?? [])]
      : this.#walksAt(real, own);
    const rest = this.#rest(states, others);
    if (rest !== undefined) this.#pending.push({ path, states: rest, links, real, others, own });
  }

  #link(path: string, states: States, links: number): void {
    this.#links.push({ path, states, links: links + 1, real: undefined, others: [], own: states });
  }

  /** Whether what lies behind so many links is walked only where it was not walked before. */
  #isAgain(states: States, links: number): boolean {
    return links > 1 || (links === 1 ? this.#readings.deep(states) : this.#again);
  }

  /** A link through which a pattern goes by name, and that leads nowhere: why, if it is there. */
  #explain(place: Place, name: string, inside: States): void {
    if (this.#readings.below(inside) === undefined || !this.#readings.names(place.states).has(name)) return;
    const path = this.#base + place.path + name;
    try {
      this.#files.stat(path);
    } catch (cause) {
      if (!isAbsent(cause)) report(path, cause, this.#options);
    }
  }

  /** A file that is named to its end. */
  #named(place: Place, name: string): FoundByPattern | undefined {
    const path = this.#base + place.path + name;
    try {
      return this.#consider(place, name, { kind: this.#files.linkStat(path).kind });
    } catch (cause) {
      report(path, cause, this.#options);
      return undefined;
    }
  }

  /** A directory that cannot be listed may still let us look at what the patterns name in it. */
  *#unseen(place: Place): Generator<FoundByPattern> {
    for (const name of this.#readings.names(place.states)) {
      try {
        const { kind } = this.#files.linkStat(this.#base + place.path + name);
        const found = this.#consider(place, name, { kind });
        if (found !== undefined) yield found;
      } catch (cause) {
        if (!(cause instanceof HostError)) throw cause;
      }
    }
  }
}
