import { existsSync, lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { HostError } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import type { DirectoryEntry, FileStat, Files, OpenFile, ReadLimit, ScanOptions } from '../host.ts';
import type { DirectoryScan } from '../scan.ts';
import { readAttributes } from './attributes.ts';
import { readEntries } from './directory.ts';
import { hostError, native } from './errors.ts';
import { open, readFile } from './read-file.ts';
import { scan } from './scan.ts';
import { LinuxStat } from './stat.ts';

/** The files of the machine we run on, straight through `node:fs`. */
export class LinuxFiles implements Files {
  readText(path: string, options?: ReadLimit): string {
    return readFile(path, options, decodeText);
  }

  readBytes(path: string, options?: ReadLimit): Buffer {
    return readFile(path, options, (bytes, start, end) => Buffer.from(bytes.subarray(start, end)));
  }

  list(path: string): readonly DirectoryEntry[] {
    try {
      return readEntries(native(path));
    } catch (cause) {
      throw hostError(cause, path, 'list');
    }
  }

  scan(path: string, options?: ScanOptions): DirectoryScan {
    return scan(native(path), path, options?.stat === true, true);
  }

  stat(path: string): FileStat {
    return found(path, 'stat', () => statSync(native(path), { throwIfNoEntry: false }));
  }

  linkStat(path: string): FileStat {
    return found(path, 'lstat', () => lstatSync(native(path), { throwIfNoEntry: false }));
  }

  readLink(path: string): string {
    try {
      return decodeText(readlinkSync(native(path), { encoding: 'buffer' }));
    } catch (cause) {
      throw hostError(cause, path, 'readlink');
    }
  }

  exists(path: string): boolean {
    return path.startsWith('/') && existsSync(native(path));
  }

  realPath(path: string): string {
    try {
      return decodeText(realpathSync.native(native(path), { encoding: 'buffer' }));
    } catch (cause) {
      throw hostError(cause, path, 'realpath');
    }
  }

  open(path: string): OpenFile {
    return open(path);
  }

  attributes(path: string): ReadonlyMap<string, Buffer> {
    return readAttributes(native(path), path);
  }
}

function found(path: string, operation: string, read: () => Stats | undefined): FileStat {
  let stats: Stats | undefined;
  try {
    stats = read();
  } catch (cause) {
    throw hostError(cause, path, operation);
  }
  if (stats === undefined) throw new HostError('ENOENT', path, operation);
  return new LinuxStat(stats);
}
