import type { Activity, Operation } from '../base/activity.ts';
import type { HostGuard } from '../engine/guarded-host.ts';
import { type LeftAlone, LeftAlonePlaces } from '../host/left-alone.ts';
import { cachedLink } from '../host/linux/cached.ts';

/** Notes each call before it is made, and makes none in a place that is left alone. */
export class CarefulGuard implements HostGuard {
  readonly #activity: Activity;
  readonly #places: LeftAlonePlaces;

  constructor(activity: Activity, places: readonly LeftAlone[]) {
    this.#activity = activity;
    this.#places = new LeftAlonePlaces(places, cachedLink);
  }

  check(): void {}

  enter(operation: Operation, path: string): void {
    this.#places.refuse(path, operation);
    this.#activity.enter(operation, path);
  }

  leave(): void {
    this.#activity.leave();
  }
}
