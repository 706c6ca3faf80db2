import { dirname } from 'node:path';
import { HostError } from '../base/errors.ts';
import { followPath } from './follow-path.ts';

/** How long it is remembered where a directory leads, and of how many. */
const REMEMBERED_MS = 1000;
const MOST_REMEMBERED = 1000;

/** A file, or a directory with all below it, that did not answer: nobody looks at it until then. */
export interface LeftAlone {
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** The same for another thread: until when may change. */
export interface SharedPlace {
  readonly path: string;
  readonly until: Float64Array;
}

export function leftAlone(places: readonly SharedPlace[]): LeftAlone[] {
  return places.map(({ path, until }) => ({
    path,
    get until() {
      return until[0]!;
    },
  }));
}

/** Throws `HostError` ETIMEDOUT where a path is, or lies in, a place that is left alone. */
export function refuseLeftAlone(places: readonly LeftAlone[], path: string, operation: string): void {
  if (isLeftAlone(places, path)) throw new HostError('ETIMEDOUT', path, operation);
}

export function isLeftAlone(places: readonly LeftAlone[], path: string): boolean {
  return places.some((place) => lies(path, place.path) && Date.now() < place.until);
}

/** Files of a process that read its memory, and so wait while it maps some, from a file system that does not answer. */
const MEMORY = /^\/proc\/(\d+)\/(?:task\/\d+\/)?(?:auxv|cmdline|environ|maps|numa_maps|smaps|smaps_rollup)$/;

/** The real user of a process; undefined where nobody could tell. Must not wait. */
export type UserOf = (pid: number) => number | undefined;

/**
 * What is left alone beside a path: where it is the memory of a process, that of all processes of its user. He may have
 * thousands that do not answer. Never root's: others would have their way with it.
 */
export function memoryPlace(path: string, userOf: UserOf): string | undefined {
  const pid = MEMORY.exec(path)?.[1];
  const user = pid === undefined ? undefined : userOf(Number(pid));
  return user === undefined || user === 0 ? undefined : `${MEMORY_OF}${user}`;
}

/** No path: these begin with a slash. */
const MEMORY_OF = 'memory of user ';

function lies(path: string, place: string): boolean {
  return path.startsWith(place) && (path.length === place.length || place === '/' || path[place.length] === '/');
}

/**
 * Refuses a path that is, or lies in, a place that is left alone, and one that a link leads there: else one after the other
 * would hang a thread. Costs nothing while no place is left alone. The list may grow.
 */
export class LeftAlonePlaces {
  readonly #places: readonly LeftAlone[];
  readonly #linkAt: (path: string) => string | undefined;
  readonly #userOf: UserOf;
  readonly #directories = new Map<string, string>();
  #since = 0;

  /** `linkAt`: where a link leads, undefined for what is none, or is not known without waiting. */
  constructor(
    places: readonly LeftAlone[],
    linkAt: (path: string) => string | undefined,
    userOf: UserOf = () => undefined,
  ) {
    this.#places = places;
    this.#linkAt = linkAt;
    this.#userOf = userOf;
  }

  /** Throws `HostError` ETIMEDOUT. */
  refuse(path: string, operation: string): void {
    if (this.#places.length === 0 || !path.startsWith('/')) return;
    refuseLeftAlone(this.#places, path, operation);
    refuseLeftAlone(this.#places, this.#behind(path), operation);
    if (!this.#places.some((place) => place.path.startsWith(MEMORY_OF))) return;
    const memory = memoryPlace(path, this.#userOf);
    if (memory !== undefined && isLeftAlone(this.#places, memory)) throw new HostError('ETIMEDOUT', path, operation);
  }

  /** Where a path leads, as far as that can be known without going there. */
  #behind(path: string): string {
    const now = Date.now();
    if (!this.#places.some(({ until }) => now < until)) return path;
    if (Math.abs(now - this.#since) > REMEMBERED_MS || this.#directories.size >= MOST_REMEMBERED) {
      this.#directories.clear();
      this.#since = now;
    }
    const stops = (at: string) => isLeftAlone(this.#places, at);
    const above = dirname(path);
    let directory = this.#directories.get(above);
    if (directory === undefined) {
      directory = followPath(above, this.#linkAt, stops);
      this.#directories.set(above, directory);
    }
    if (stops(directory)) return directory;
    return followPath(path.slice(path.lastIndexOf('/')), this.#linkAt, stops, directory === '/' ? '' : directory);
  }
}
