import type { Operation } from '../../base/activity.ts';
import { HostError } from '../../base/errors.ts';
import { guardedHost } from '../../engine/guarded-host.ts';
import type { FanotifyFileSystems } from '../../events/files/fanotify-marks.ts';
import type { InotifyWatches } from '../../events/files/inotify-tree.ts';
import type { Files } from '../../host/host.ts';
import { Fanotify } from '../../host/linux/fanotify.ts';
import { Inotify } from '../../host/linux/inotify.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import type { FilesParts } from './starter.ts';

type Holder = { readonly descriptors: readonly number[] };

/** What hears of files, where each call that goes to a file system is noted before: it may never return. */
export class WatchedKernel {
  readonly files: Files;
  readonly #parts: FilesParts;
  readonly #open = new Set<Holder>();

  constructor(parts: FilesParts) {
    this.#parts = parts;
    this.files = guardedHost(new LinuxHost(), parts.guard).files;
  }

  /** Throws `HostError`. */
  fanotify(): FanotifyFileSystems {
    const fanotify = this.#hold(new Fanotify());
    return {
      fd: fanotify.fd,
      mark: (directory, mask) => {
        try {
          this.#inside('watch', directory, () => fanotify.mark(directory, mask));
        } finally {
          this.#tell();
        }
      },
      pathOf: (handle) => {
        try {
          return this.#inside('watch', fanotify.near(handle), () => fanotify.pathOf(handle));
        } catch (cause) {
          // It lies in a place that is left alone.
          if (cause instanceof HostError) return undefined;
          throw cause;
        }
      },
      read: () => fanotify.read(),
      [Symbol.dispose]: () => this.#release(fanotify),
    };
  }

  /** Throws `HostError`. */
  inotify(): InotifyWatches {
    const inotify = this.#hold(new Inotify());
    return {
      fd: inotify.fd,
      add: (path, mask) => {
        try {
          return this.#inside('watch', path, () => inotify.add(path, mask));
        } catch (cause) {
          if (cause instanceof HostError) return cause.code;
          throw cause;
        }
      },
      remove: (watch) => inotify.remove(watch),
      read: () => inotify.read(),
      [Symbol.dispose]: () => this.#release(inotify),
    };
  }

  #inside<T>(operation: Operation, path: string, call: () => T): T {
    const { guard } = this.#parts;
    guard.enter(operation, path);
    try {
      return call();
    } finally {
      guard.leave();
    }
  }

  #hold<T extends Holder>(holder: T): T {
    this.#open.add(holder);
    this.#tell();
    return holder;
  }

  /** Nobody else is to close what it closes now: others may have the numbers then. */
  #release(holder: Holder & Disposable): void {
    this.#open.delete(holder);
    this.#tell();
    holder[Symbol.dispose]();
  }

  #tell(): void {
    this.#parts.holds([...this.#open].flatMap(({ descriptors }) => descriptors));
  }
}
