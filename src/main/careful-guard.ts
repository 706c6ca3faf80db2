import { dirname } from 'node:path';
import type { Activity, Operation } from '../base/activity.ts';
import type { HostGuard } from '../engine/guarded-host.ts';
import { followPath } from '../host/follow-path.ts';
import { isLeftAlone, type LeftAlone, refuseLeftAlone } from '../host/left-alone.ts';
import { cachedLink } from '../host/linux/cached.ts';

/** How long it is remembered where a directory leads, and of how many. */
const REMEMBERED_MS = 1000;
const MOST_REMEMBERED = 1000;

/**
 * Notes each call before it is made, and makes none in a place that is left alone, through a link neither: else one after the
 * other would hang a thread. Costs nothing while no place is left alone.
 */
export class CarefulGuard implements HostGuard {
  readonly #activity: Activity;
  readonly #places: readonly LeftAlone[];
  readonly #directories = new Map<string, string>();
  #since = 0;

  constructor(activity: Activity, places: readonly LeftAlone[]) {
    this.#activity = activity;
    this.#places = places;
  }

  check(): void {}

  enter(operation: Operation, path: string): void {
    if (this.#places.length > 0 && path.startsWith('/')) {
      refuseLeftAlone(this.#places, path, operation);
      refuseLeftAlone(this.#places, this.#behind(path), operation);
    }
    this.#activity.enter(operation, path);
  }

  leave(): void {
    this.#activity.leave();
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
      directory = followPath(above, cachedLink, stops);
      this.#directories.set(above, directory);
    }
    if (stops(directory)) return directory;
    return followPath(path.slice(path.lastIndexOf('/')), cachedLink, stops, directory === '/' ? '' : directory);
  }
}
