import { type BigIntStats, existsSync, lstatSync, openSync, readlinkSync, statSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import type { DirectoryEntry, FileStat, Files, OpenFile, ReadLimit, ScanOptions } from '../host.ts';
import type { DirectoryScan } from '../scan.ts';
import { DescriptorFiles } from './descriptor-files.ts';
import { readEntries } from './directory.ts';
import { hostError, native } from './errors.ts';
import { openPath } from './open-path.ts';
import { asBytes, asText, O_READ, type Opened, pathOf, READ_ONCE, readAll } from './read-file.ts';
import { scan } from './scan.ts';
import { LinuxStat } from './stat.ts';

/**
 * A path of procfs or sysfs as the kernel has it. Nobody else can put a file there, so it is neither a link of a user's nor
 * a file that is more than bytes to read.
 */
const OF_KERNEL = /^\/(?:proc|sys)(?:\/(?!\.{1,2}(?:\/|$))[^/]+)*$/s;
/** The links of a process that lead to a file itself, `proc(5)`; and paths through them, to where users are. */
const MAGIC = /^\/proc\/[^/]+\/(?:task\/[^/]+\/)?(?:root|cwd|exe|(?:fd|map_files|ns)\/[^/]+)(\/|$)/s;

/**
 * The files of the machine we run on. What the kernel makes up is read straight through `node:fs`; all else is found first,
 * without following a link of procfs, and asked through its descriptor (`docs/adr/0025-isolation.md`).
 */
export class LinuxFiles implements Files {
  readonly #others = new DescriptorFiles({ open: openPath, devices: true, follow: true, real: pathOf });

  workingDirectory(): string {
    return attempt('.', 'getcwd', () => process.cwd());
  }

  readText(path: string, options?: ReadLimit): string {
    return isPlain(path) ? readAll(openPlain(path), path, options, asText) : this.#others.readText(path, options);
  }

  readBytes(path: string, options?: ReadLimit): Buffer {
    return isPlain(path) ? readAll(openPlain(path), path, options, asBytes) : this.#others.readBytes(path, options);
  }

  list(path: string): readonly DirectoryEntry[] {
    return isPlain(path) ? attempt(path, 'list', () => readEntries(native(path))) : this.#others.list(path);
  }

  scan(path: string, options?: ScanOptions): DirectoryScan {
    return isPlain(path) ? scan(native(path), path, options?.stat === true, true) : this.#others.scan(path, options);
  }

  stat(path: string): FileStat {
    if (!isPlain(path)) return this.#others.stat(path);
    return found(path, 'stat', () => statSync(native(path), { throwIfNoEntry: false, bigint: true }));
  }

  linkStat(path: string): FileStat {
    if (!isPlain(path, false)) return this.#others.linkStat(path);
    return found(path, 'lstat', () => lstatSync(native(path), { throwIfNoEntry: false, bigint: true }));
  }

  readLink(path: string): string {
    if (!isPlain(path, false)) return this.#others.readLink(path);
    return attempt(path, 'readlink', () => decodeText(readlinkSync(native(path), { encoding: 'buffer' })));
  }

  exists(path: string): boolean {
    return isPlain(path) ? existsSync(native(path)) : this.#others.exists(path);
  }

  realPath(path: string): string {
    return this.#others.realPath(path);
  }

  open(path: string): OpenFile {
    return this.#others.open(path);
  }

  attributes(path: string): ReadonlyMap<string, Buffer> {
    return this.#others.attributes(path);
  }
}

/** Whether nobody but the kernel can have a say in what the path leads to; its last component, too, if that is followed. */
function isPlain(path: string, follow = true): boolean {
  if (!OF_KERNEL.test(path)) return false;
  const magic = MAGIC.exec(path);
  return magic === null || (!follow && magic[1] === '' && magic[0] === path);
}

function openPlain(path: string): Opened {
  if (READ_ONCE.test(path)) throw new HostError('EOPNOTSUPP', path, 'read');
  return attempt(path, 'read', () => ({ fd: openSync(native(path), O_READ), stats: undefined }));
}

function attempt<T>(path: string, operation: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw hostError(cause, path, operation);
  }
}

function found(path: string, operation: string, read: () => BigIntStats | undefined): FileStat {
  const stats = attempt(path, operation, read);
  if (stats === undefined) throw new HostError('ENOENT', path, operation);
  return new LinuxStat(stats);
}
