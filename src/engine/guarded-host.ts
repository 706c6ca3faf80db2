import type { Operation } from '../base/activity.ts';
import { HostError } from '../base/errors.ts';
import type {
  DirectoryEntry,
  FileStat,
  Files,
  Host,
  Kernel,
  OpenFile,
  ReadLimit,
  ScannedEntry,
  ScanOptions,
} from '../host/host.ts';
import { DirectoryScan } from '../host/scan.ts';

/** Who watches over the calls of a query. */
export interface HostGuard {
  /** Throws when the query has to stop. */
  check(): void;
  /** A call begins that may never return; it throws where the query has to stop, or the path is left alone. */
  enter(operation: Operation, path: string): void;
  /** The call came back. */
  leave(): void;
}

/**
 * The host as a query sees it: every call first asks whether the query may go on, and notes what it is about to touch. So a
 * table that searches a million directories without finding a row stops in time, a call that never returns has a name, and no
 * table has to think of it. `root` is what an error and a note have before the paths of another root.
 */
export function guardedHost(host: Host, guard: HostGuard, root = ''): Host {
  return {
    platform: host.platform,
    files: new GuardedFiles(host.files, guard, root),
    kernel: host.kernel && guardedKernel(host.kernel, guard),
    within: (pid) => guardedHost(host.within(pid), guard, `/proc/${pid}/root`),
  };
}

class GuardedFiles implements Files {
  readonly #files: Files;
  readonly #guard: HostGuard;
  readonly #root: string;

  constructor(files: Files, guard: HostGuard, root: string) {
    this.#files = files;
    this.#guard = guard;
    this.#root = root;
  }

  workingDirectory(): string {
    return this.#files.workingDirectory();
  }

  readText(path: string, options?: ReadLimit): string {
    return this.#inside('read', path, () => this.#files.readText(path, options));
  }

  readBytes(path: string, options?: ReadLimit): Buffer {
    return this.#inside('read', path, () => this.#files.readBytes(path, options));
  }

  list(path: string): readonly DirectoryEntry[] {
    return this.#inside('list', path, () => this.#files.list(path));
  }

  scan(path: string, options?: ScanOptions): DirectoryScan {
    const scan = this.#inside('list', path, () => this.#files.scan(path, options));
    return new GuardedScan(scan, this.#guard, this.#root + path);
  }

  stat(path: string): FileStat {
    return this.#inside('stat', path, () => this.#files.stat(path));
  }

  linkStat(path: string): FileStat {
    return this.#inside('stat', path, () => this.#files.linkStat(path));
  }

  readLink(path: string): string {
    return this.#inside('readlink', path, () => this.#files.readLink(path));
  }

  exists(path: string): boolean {
    try {
      return this.#inside('stat', path, () => this.#files.exists(path));
    } catch (cause) {
      if (cause instanceof HostError) return false;
      throw cause;
    }
  }

  realPath(path: string): string {
    return this.#inside('stat', path, () => this.#files.realPath(path));
  }

  open(path: string): OpenFile {
    const file = this.#inside('open', path, () => this.#files.open(path));
    return guardedFile(file, this.#guard, this.#root + path);
  }

  attributes(path: string): ReadonlyMap<string, Buffer> {
    return this.#inside('attributes', path, () => this.#files.attributes(path));
  }

  #inside<T>(operation: Operation, path: string, call: () => T): T {
    return inside(this.#guard, operation, this.#root === '' ? path : this.#root + path, call);
  }
}

function inside<T>(guard: HostGuard, operation: Operation, path: string, call: () => T): T {
  guard.enter(operation, path);
  try {
    return call();
  } finally {
    guard.leave();
  }
}

class GuardedScan extends DirectoryScan {
  readonly #scan: DirectoryScan;
  readonly #guard: HostGuard;
  readonly #path: string;

  constructor(scan: DirectoryScan, guard: HostGuard, path: string) {
    super();
    this.#scan = scan;
    this.#guard = guard;
    this.#path = path;
  }

  override read(): ScannedEntry | undefined {
    this.#guard.enter('list', this.#path);
    try {
      return this.#scan.read();
    } finally {
      this.#guard.leave();
    }
  }

  override [Symbol.dispose](): void {
    this.#scan[Symbol.dispose]();
  }
}

function guardedFile(file: OpenFile, guard: HostGuard, path: string): OpenFile {
  return {
    stat: file.stat,
    realPath: () => inside(guard, 'stat', path, () => file.realPath()),
    read: (into) => inside(guard, 'read', path, () => file.read(into)),
    readAt: (into, position) => inside(guard, 'read', path, () => file.readAt(into, position)),
    [Symbol.dispose]: () => {
      // Who serves the file is told that it is closed, and waited for.
      try {
        guard.enter('read', path);
      } finally {
        file[Symbol.dispose]();
        guard.leave();
      }
    },
  };
}

/** What asks others than the kernel: a mounted file system, a directory service. */
const ASKS_OTHERS: Readonly<Record<string, Operation>> = {
  fileSystem: 'statfs',
  accounts: 'accounts',
  account: 'accounts',
  groups: 'accounts',
  group: 'accounts',
  groupIds: 'accounts',
};

function guardedKernel(kernel: Kernel, guard: HostGuard): Kernel {
  return new Proxy(kernel, {
    get(target, name) {
      guard.check();
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const operation = ASKS_OTHERS[name as string];
      if (operation === undefined) return value.bind(target);
      return (...args: unknown[]) => {
        const path = typeof args[0] === 'string' ? args[0] : '';
        return inside(guard, operation, path, () => Reflect.apply(value, target, args));
      };
    },
  });
}
