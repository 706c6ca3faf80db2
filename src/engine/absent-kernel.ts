import { HostError } from '../base/errors.ts';
import type { DirectoryEntry, Files, OpenFile, ReadLimit, ScanOptions } from '../host/host.ts';
import type { DirectoryScan } from '../host/scan.ts';

/** Where a running kernel shows itself; on the disk of a machine that does not run these are empty. */
const KERNEL = /^\/(proc|sys)(\/|$)/;

/**
 * Files of a machine that does not run, `--root`. Remembers what of the kernel's own was looked for and is not there, so that
 * a table without rows can say why.
 */
export class AbsentKernel {
  readonly files: Files;
  #missed: string | undefined;

  constructor(files: Files) {
    const noting = <T>(path: string, read: () => T): T => {
      try {
        return read();
      } catch (cause) {
        if (KERNEL.test(path) && cause instanceof HostError) this.#missed ??= path;
        throw cause;
      }
    };
    this.files = {
      workingDirectory: () => files.workingDirectory(),
      readText: (path: string, options?: ReadLimit) => noting(path, () => files.readText(path, options)),
      readBytes: (path: string, options?: ReadLimit) => noting(path, () => files.readBytes(path, options)),
      list: (path: string) => noting(path, () => this.#listed(path, files.list(path))),
      scan: (path: string, options?: ScanOptions): DirectoryScan => noting(path, () => files.scan(path, options)),
      stat: (path: string) => noting(path, () => files.stat(path)),
      linkStat: (path: string) => noting(path, () => files.linkStat(path)),
      readLink: (path: string) => noting(path, () => files.readLink(path)),
      exists: (path: string) => {
        const exists = files.exists(path);
        if (!exists && KERNEL.test(path)) this.#missed ??= path;
        return exists;
      },
      realPath: (path: string) => noting(path, () => files.realPath(path)),
      open: (path: string): OpenFile => noting(path, () => files.open(path)),
      attributes: (path: string) => noting(path, () => files.attributes(path)),
    };
  }

  /** What was missed since it was last asked. */
  take(): string | undefined {
    const missed = this.#missed;
    this.#missed = undefined;
    return missed;
  }

  /** `/proc` without processes is the directory that it is mounted on. */
  #listed(path: string, entries: readonly DirectoryEntry[]): readonly DirectoryEntry[] {
    if (path === '/proc' && !entries.some(({ name }) => /^\d+$/.test(name))) this.#missed ??= path;
    return entries;
  }
}
