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

/**
 * The host as a query sees it: every call first asks whether the query may go on. So a table that searches a million
 * directories without finding a row stops in time, and no table has to think of it.
 */
export function guardedHost(host: Host, check: () => void): Host {
  return {
    platform: host.platform,
    files: new GuardedFiles(host.files, check),
    kernel: host.kernel && guardedKernel(host.kernel, check),
    within: (pid) => guardedHost(host.within(pid), check),
  };
}

class GuardedFiles implements Files {
  readonly #files: Files;
  readonly #check: () => void;

  constructor(files: Files, check: () => void) {
    this.#files = files;
    this.#check = check;
  }

  readText(path: string, options?: ReadLimit): string {
    this.#check();
    return this.#files.readText(path, options);
  }

  readBytes(path: string, options?: ReadLimit): Buffer {
    this.#check();
    return this.#files.readBytes(path, options);
  }

  list(path: string): readonly DirectoryEntry[] {
    this.#check();
    return this.#files.list(path);
  }

  scan(path: string, options?: ScanOptions): DirectoryScan {
    this.#check();
    return new GuardedScan(this.#files.scan(path, options), this.#check);
  }

  stat(path: string): FileStat {
    this.#check();
    return this.#files.stat(path);
  }

  linkStat(path: string): FileStat {
    this.#check();
    return this.#files.linkStat(path);
  }

  readLink(path: string): string {
    this.#check();
    return this.#files.readLink(path);
  }

  exists(path: string): boolean {
    this.#check();
    return this.#files.exists(path);
  }

  realPath(path: string): string {
    this.#check();
    return this.#files.realPath(path);
  }

  open(path: string): OpenFile {
    this.#check();
    return guardedFile(this.#files.open(path), this.#check);
  }

  attributes(path: string): ReadonlyMap<string, Buffer> {
    this.#check();
    return this.#files.attributes(path);
  }
}

class GuardedScan extends DirectoryScan {
  readonly #scan: DirectoryScan;
  readonly #check: () => void;

  constructor(scan: DirectoryScan, check: () => void) {
    super();
    this.#scan = scan;
    this.#check = check;
  }

  override read(): ScannedEntry | undefined {
    this.#check();
    return this.#scan.read();
  }

  override [Symbol.dispose](): void {
    this.#scan[Symbol.dispose]();
  }
}

function guardedFile(file: OpenFile, check: () => void): OpenFile {
  return {
    stat: file.stat,
    read(into) {
      check();
      return file.read(into);
    },
    readAt(into, position) {
      check();
      return file.readAt(into, position);
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

function guardedKernel(kernel: Kernel, check: () => void): Kernel {
  return new Proxy(kernel, {
    get(target, name) {
      check();
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
