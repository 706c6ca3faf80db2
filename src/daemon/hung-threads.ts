import type { SharedPlace } from '../host/left-alone.ts';
import { LEFT_ALONE_MS } from './hang.ts';

interface Hung {
  readonly at: number;
  hangs: boolean;
}

/** Threads of one kind that were given up, and the places that they hang in. */
export class HungThreads {
  readonly #now: () => number;
  #hung: Hung[] = [];
  #places: SharedPlace[] = [];

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many hang, or hung just now. */
  get count(): number {
    const now = this.#now();
    this.#hung = this.#hung.filter(({ at, hangs }) => hangs || now - at < LEFT_ALONE_MS);
    return this.#hung.length;
  }

  /** Places that nobody is to touch. */
  get places(): readonly SharedPlace[] {
    const now = Date.now();
    this.#places = this.#places.filter(({ until }) => until[0]! > now);
    return this.#places;
  }

  /** A thread hangs, in a place if it is known; gives what is to be called once it has ended after all. */
  add(place: string | undefined): () => void {
    const hung: Hung = { at: this.#now(), hangs: true };
    this.#hung.push(hung);
    const until = this.leaveAlone(place);
    const after = until[0]!;
    until[0] = Number.POSITIVE_INFINITY;
    return () => {
      hung.hangs = false;
      until[0] = after;
    };
  }

  /** Nobody is to touch a place for a while; until when. */
  leaveAlone(place: string | undefined): Float64Array {
    const until = new Float64Array(new SharedArrayBuffer(8)).fill(Date.now() + LEFT_ALONE_MS);
    if (place !== undefined) this.#places.push({ path: place, until });
    return until;
  }
}

/** For messages: what is left alone, and for how long. */
export function leftAloneText(place: string | undefined): string {
  return place === undefined
    ? ''
    : `; ${place} is left alone for ${LEFT_ALONE_MS / 60_000} minutes, longer if it still hangs then`;
}
