import { closeSync, fstatSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import type { DirectoryEntry, FileStat, Files, OpenFile, ReadLimit, ScannedEntry, ScanOptions } from '../host.ts';
import { DirectoryScan } from '../scan.ts';
import { readAttributes } from './attributes.ts';
import { readEntries } from './directory.ts';
import { hostError } from './errors.ts';
import type { OpenPath } from './open-path.ts';
import { asBytes, asText, LinuxOpenFile, openFound, readAll } from './read-file.ts';
import { scan } from './scan.ts';
import { LinuxStat } from './stat.ts';
import { readLinkAt } from './walk-path.ts';

export interface DescriptorFilesOptions {
  readonly open: OpenPath;
  /** Whether what is in block devices can be read. */
  readonly devices: boolean;
  /** Whether the kernel may say where the links of a directory lead: it knows no root but its own. */
  readonly follow: boolean;
  /** The path of what a descriptor stands for, as these files are named. */
  readonly real: (fd: number, path: string) => string;
}

/**
 * Files, each found once: `open` gives an O_PATH descriptor, and all that is asked is asked of that, through
 * `/proc/self/fd`. So nobody can exchange a file between two looks, and what `open` does not follow is not followed.
 */
export class DescriptorFiles implements Files {
  readonly #options: DescriptorFilesOptions;

  constructor(options: DescriptorFilesOptions) {
    this.#options = options;
  }

  workingDirectory(): string {
    return '/';
  }

  readText(path: string, options?: ReadLimit): string {
    return readAll(this.#content(path, 'read'), path, options, asText);
  }

  readBytes(path: string, options?: ReadLimit): Buffer {
    return readAll(this.#content(path, 'read'), path, options, asBytes);
  }

  list(path: string): readonly DirectoryEntry[] {
    return this.#opened(path, true, 'list', (fd) => readEntries(descriptor(fd)));
  }

  scan(path: string, options?: ScanOptions): DirectoryScan {
    const fd = this.#options.open(path, true, 'list');
    try {
      return new DescriptorScan(scan(descriptor(fd), path, options?.stat === true, this.#options.follow), fd);
    } catch (cause) {
      closeSync(fd);
      throw cause;
    }
  }

  stat(path: string): FileStat {
    return this.#opened(path, true, 'stat', (fd) => new LinuxStat(fstatSync(fd, { bigint: true })));
  }

  linkStat(path: string): FileStat {
    return this.#opened(path, false, 'lstat', (fd) => new LinuxStat(fstatSync(fd, { bigint: true })));
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
    return this.#opened(path, true, 'realpath', (fd) => this.#options.real(fd, path));
  }

  open(path: string): OpenFile {
    return new LinuxOpenFile(path, this.#content(path, 'open'), (fd) => this.#options.real(fd, path));
  }

  attributes(path: string): ReadonlyMap<string, Buffer> {
    return this.#opened(path, true, 'listxattr', (fd) => readAttributes(descriptor(fd), path));
  }

  #content(path: string, operation: string) {
    return this.#opened(path, true, operation, (fd) => openFound(fd, path, operation, this.#options.devices));
  }

  /** An error names the path that was asked for, not the descriptor that stood for it. */
  #opened<T>(path: string, follow: boolean, operation: string, use: (fd: number) => T): T {
    const fd = this.#options.open(path, follow, operation);
    try {
      return use(fd);
    } catch (cause) {
      const refused = hostError(cause, path, operation);
      throw refused instanceof HostError ? new HostError(refused.code, path, operation) : refused;
    } finally {
      closeSync(fd);
    }
  }
}

/** Keeps the descriptor that leads to the directory while it is read. */
class DescriptorScan extends DirectoryScan {
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
