import { HostError } from '../base/errors.ts';

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

function lies(path: string, place: string): boolean {
  return path.startsWith(place) && (path.length === place.length || place === '/' || path[place.length] === '/');
}
