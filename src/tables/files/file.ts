import { ifReadable } from '../../base/errors.ts';
import type { FileStat } from '../../host/host.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { foundFiles, locationOf, parentOf } from '../../schema/found-files.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';

const PERMISSION_BITS = 0o7777;

/**
 * Source: `stat(2)`; of a symbolic link, what it leads to, and the link itself where that is not there.
 */
export const file = table({
  name: 'file',
  description:
    'Files by path or directory: their kind, owner, size and times. In a pattern of LIKE a % stays within a name, and %% goes down all levels.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    path: text('Absolute path; a directory found by a pattern ends in /', {
      required: true,
      index: true,
      optimized: true,
    }),
    directory: text('Directory that the file lies in', { required: true, optimized: true }),
    filename: text('Last part of the path'),
    inode: bigint('Number of the inode in its file system'),
    uid: bigint('User who owns the file'),
    gid: bigint('Group that owns the file'),
    mode: text('Permissions in octal, with set-user-id, set-group-id and sticky bits in front'),
    device: bigint('Device number that a block or character special file stands for; 0 for any other'),
    size: bigint('Length in bytes'),
    block_size: integer('Bytes that the file system likes to read and write at once'),
    atime: bigint('Time of the last read, Unix seconds'),
    mtime: bigint('Time of the last change of the content, Unix seconds'),
    ctime: bigint('Time of the last change of the inode, Unix seconds'),
    btime: bigint('Time the file was made, Unix seconds; 0 where the file system does not say'),
    hard_links: integer('Names that the inode has'),
    symlink: integer('1 for a symbolic link'),
    type: text('Kind of the file, links followed: regular, directory, block, character, fifo or socket'),
    symlink_target_path: text('What a symbolic link says it leads to'),
    attributes: text('Letters of the file attributes', { platforms: ['windows'] }),
    volume_serial: text('Serial number of the volume', { platforms: ['windows'] }),
    file_id: text('Number of the file in its volume', { platforms: ['windows'] }),
    file_version: text('Version that the file says it has', { collate: 'version', platforms: ['windows'] }),
    product_version: text('Version of the product the file belongs to', { collate: 'version', platforms: ['windows'] }),
    original_filename: text('Name the file was built under', { platforms: ['windows'] }),
    shortcut_target_path: text('What a shortcut leads to', { platforms: ['windows'] }),
    shortcut_target_type: text('Kind of what a shortcut leads to', { platforms: ['windows'] }),
    shortcut_target_location: text('Folder of what a shortcut leads to', { platforms: ['windows'] }),
    shortcut_start_in: text('Working folder of a shortcut', { platforms: ['windows'] }),
    shortcut_run: text('Window that a shortcut opens', { platforms: ['windows'] }),
    shortcut_comment: text('Comment of a shortcut', { platforms: ['windows'] }),
    bsd_flags: text('File flags of BSD', { platforms: ['darwin'] }),
    pid_with_namespace: integer('Process whose view of the files is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
    mount_namespace_id: text('Inode of the mount namespace of that process', { hidden: true, platforms: ['linux'] }),
  },
  examples: [
    "select path, size, mtime from file where path = '/etc/passwd'",
    "select filename, mode from file where directory = '/etc' and type = 'regular'",
    "select path from file where path like '/etc/%.conf'",
  ],
  *generate({ host, values, patterns, uses, attempt, warn, row }) {
    const constraints = {
      paths: values('path'),
      pathPatterns: patterns('path'),
      directories: values('directory'),
      directoryPatterns: patterns('directory'),
    };
    const needsStat = uses(
      'inode',
      'uid',
      'gid',
      'mode',
      'device',
      'size',
      'block_size',
      'atime',
      'mtime',
      'ctime',
      'btime',
      'hard_links',
    );
    const needsType = uses('type');
    const needsTarget = uses('symlink_target_path');
    for (const { host: seen, pid, id } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      const { files } = seen;
      for (const found of foundFiles(files, constraints, warn, needsStat)) {
        const { path } = found;
        let { kind, stat } = found;
        if (kind === undefined || kind === 'unknown' || (needsStat && stat === undefined && kind !== 'symlink')) {
          // Behind a slash there is only a directory; a link to one is followed, as the kernel does.
          const named = kind === undefined && path.endsWith('/');
          const location = withoutSlash(locationOf(files, path));
          stat = attempt(() => (named ? files.stat(location) : files.linkStat(location)));
          // Gone meanwhile, or never there.
          if (stat === undefined || (named && stat.kind !== 'directory')) continue;
          kind = stat.kind;
        }
        let type = kind;
        const isLink = kind === 'symlink';
        const link = isLink ? withoutSlash(locationOf(files, path)) : '';
        if (isLink && (needsStat || needsType)) {
          // A link that dangles, loops or leads where we may not look is no reason to warn.
          const target = found.target === undefined ? ifReadable(() => files.stat(link)) : found.target;
          type = target?.kind ?? 'unknown';
          stat = target ?? stat ?? (needsStat ? attempt(() => files.linkStat(link)) : undefined);
          if (needsStat && stat === undefined) continue;
        }
        const cells = new FileCells(path, found.directory, stat);
        cells.type = type;
        if (isLink) {
          cells.symlink = 1;
          if (needsTarget) cells.symlink_target_path = attempt(() => files.readLink(link)) ?? '';
        }
        cells.pid_with_namespace = pid;
        cells.mount_namespace_id = id;
        yield row(cells);
      }
    }
  },
});

/** A row that is computed when SQLite asks for its cells: of twenty a query reads a few. */
class FileCells {
  readonly path: string;
  symlink = 0;
  type = '';
  symlink_target_path = '';
  pid_with_namespace = 0;
  mount_namespace_id = '';
  readonly #directory: string | undefined;
  /** Undefined if none of them is read. */
  readonly #stat: FileStat | undefined;

  /** `directory` as the query has it, if it has one. */
  constructor(path: string, directory: string | undefined, stat: FileStat | undefined) {
    this.path = path;
    this.#directory = directory;
    this.#stat = stat;
  }

  get directory() {
    return this.#directory ?? parentOf(this.path);
  }
  get filename() {
    const path = withoutSlash(this.path);
    return path.slice(path.lastIndexOf('/') + 1);
  }
  get inode() {
    return this.#stat?.inode;
  }
  get uid() {
    return this.#stat?.uid;
  }
  get gid() {
    return this.#stat?.gid;
  }
  get mode() {
    return this.#stat && octal(this.#stat.mode & PERMISSION_BITS);
  }
  get device() {
    return this.#stat?.specialDevice;
  }
  get size() {
    return this.#stat?.size;
  }
  get block_size() {
    return this.#stat?.blockSize;
  }
  get atime() {
    return wholeSeconds(this.#stat?.atime);
  }
  get mtime() {
    return wholeSeconds(this.#stat?.mtime);
  }
  get ctime() {
    return wholeSeconds(this.#stat?.ctime);
  }
  get btime() {
    return wholeSeconds(this.#stat?.btime);
  }
  get hard_links() {
    return this.#stat?.links;
  }
}

/** A number printed in octal costs as much as the rest of a row, and files have few different modes. */
const octals: string[] = [];

function octal(mode: number): string {
  octals[mode] ??= mode.toString(8).padStart(4, '0');
  return octals[mode];
}

function wholeSeconds(time: number | undefined): number | undefined {
  return time === undefined ? undefined : Math.floor(time);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.replace(/\/+$/, '') || '/' : path;
}
