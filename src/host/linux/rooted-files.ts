import { closeSync, fstatSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import type { DirectoryEntry, FileStat, Files, OpenFile, ReadLimit, ScannedEntry, ScanOptions } from '../host.ts';
import { DirectoryScan } from '../scan.ts';
import { LinuxFiles } from './files.ts';
import { type OpenInRoot, openInRoot, readLinkAt, realPathInRoot } from './open-in-root.ts';
import { scan } from './scan.ts';
import { LinuxStat } from './stat.ts';

/**
 * The files below a directory as if it were `/`; it may be the root of a hostile container. A path is first opened with
 * O_PATH inside the root, then used through `/proc/self/fd`. See `docs/adr/0003-files-below-a-root.md`.
 */
export class RootedFiles implements Files {
  readonly #root: string;
  readonly #openInRoot: OpenInRoot;
  readonly #live = new LinuxFiles();

  constructor(root: string, open: OpenInRoot = openInRoot) {
    this.#root = root;
    this.#openInRoot = open;
  }

  readText(path: string, options?: ReadLimit): string {
    return this.#content(path, 'read', (at) => this.#live.readText(at, options));
  }

  readBytes(path: string, options?: ReadLimit): Buffer {
    return this.#content(path, 'read', (at) => this.#live.readBytes(at, options));
  }

  list(path: string): readonly DirectoryEntry[] {
    return this.#at(path, 'list', (at) => this.#live.list(at));
  }

  scan(path: string, options?: ScanOptions): DirectoryScan {
    const fd = this.#openInRoot(this.#root, path, true, 'list');
    try {
      return new RootedScan(scan(descriptor(fd), path, options?.stat === true, false), fd);
    } catch (cause) {
      closeSync(fd);
      throw cause;
    }
  }

  stat(path: string): FileStat {
    return this.#opened(path, true, 'stat', (fd) => new LinuxStat(fstatSync(fd)));
  }

  linkStat(path: string): FileStat {
    return this.#opened(path, false, 'lstat', (fd) => new LinuxStat(fstatSync(fd)));
  }

  readLink(path: string): string {
    return this.#opened(path, false, 'readlink', (fd) => readLinkAt(fd, path));
  }

  exists(path: string): boolean {
    try {
      return this.#opened(path, true, 'stat', () => true);
    } catch {
      return false;
    }
  }

  realPath(path: string): string {
    return realPathInRoot(this.#root, path);
  }

  open(path: string): OpenFile {
    return this.#content(path, 'open', (at) => this.#live.open(at));
  }

  attributes(path: string): ReadonlyMap<string, Buffer> {
    return this.#at(path, 'listxattr', (at) => this.#live.attributes(at));
  }

  /** A block device below the root would be a disk of the live machine. */
  #content<T>(path: string, operation: string, use: (at: string) => T): T {
    return this.#at(path, operation, (at, fd) => {
      if (fstatSync(fd).isBlockDevice()) throw new HostError('EOPNOTSUPP', path, operation);
      return use(at);
    });
  }

  #at<T>(path: string, operation: string, use: (at: string, fd: number) => T): T {
    return this.#opened(path, true, operation, (fd) => {
      try {
        return use(descriptor(fd), fd);
      } catch (cause) {
        throw renamed(cause, path, operation);
      }
    });
  }

  #opened<T>(path: string, follow: boolean, operation: string, use: (fd: number) => T): T {
    const fd = this.#openInRoot(this.#root, path, follow, operation);
    try {
      return use(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** Keeps the descriptor that leads to the directory while it is read. */
class RootedScan extends DirectoryScan {
  readonly #scan: DirectoryScan;
  #fd: number;

  constructor(scan: DirectoryScan, fd: number) {
    super();
    this.#scan = scan;
    this.#fd = fd;
  }

  override read(): ScannedEntry | undefined {
    return this.#scan.read();
  }

  override [Symbol.dispose](): void {
    this.#scan[Symbol.dispose]();
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** A path of the live machine that leads exactly to what the descriptor stands for. */
function descriptor(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** An error names the path that was asked for, not the descriptor that stood for it. */
function renamed(cause: unknown, path: string, operation: string): unknown {
  return cause instanceof HostError ? new HostError(cause.code, path, operation) : cause;
}
