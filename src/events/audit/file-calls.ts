import {
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_SETFD,
  FIOCLEX,
  FIONCLEX,
  O_CLOEXEC,
  O_CREAT,
  O_TRUNC,
  O_WRONLY,
} from '../../base/open-flags.ts';
import { type AuditRecord, auditNumber, auditText } from '../../parse/audit-record.ts';
import type { AuditEvent } from '../../schema/audit-event.ts';

/** What a call did to files or descriptors, as its records tell. */
export type FileAction =
  | {
      readonly kind: 'open';
      readonly descriptor: number;
      readonly path: NamedPath;
      readonly creates: boolean;
      readonly truncates: boolean;
      readonly closeOnExec: boolean;
    }
  | { readonly kind: 'close'; readonly first: number; readonly last: number }
  | { readonly kind: 'duplicate'; readonly from: number; readonly to: number; readonly closeOnExec: boolean }
  | { readonly kind: 'mark'; readonly first: number; readonly last: number; readonly closeOnExec: boolean }
  | { readonly kind: 'use'; readonly descriptor: number; readonly writes: boolean }
  | { readonly kind: 'change'; readonly operation: string; readonly path: NamedPath; readonly destination?: NamedPath }
  | { readonly kind: 'fork'; readonly child: number }
  | { readonly kind: 'exec' }
  | { readonly kind: 'exit' };

/** A name as the process gave it. */
export interface NamedPath {
  readonly name: string;
  /** The descriptor of the directory that it begins in; `AT_FDCWD` for the current one. */
  readonly directory: number;
  /** The file, and the directory that it is in: `<major>:<minor>:<inode>`, as far as they are known. */
  readonly file: string | undefined;
  readonly parent: string | undefined;
  readonly isDirectory: boolean;
}

/** `openat(2)`, `linkat(2)`. */
export const AT_FDCWD = -100;

/** Types of records, `include/uapi/linux/audit.h`. */
const PATH = 1302;
const CWD = 1307;
const MMAP = 1323;
const OPENAT2 = 1337;

/** `CLONE_THREAD` of `clone(2)`, `CLOSE_RANGE_CLOEXEC` of `close_range(2)`, `FD_CLOEXEC` of `fcntl(2)`. */
const CLONE_THREAD = 0x10000;
const CLOSE_RANGE_CLOEXEC = 4;
const FD_CLOEXEC = 1;

/** Types of files in a mode, `inode(7)`. */
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;

/** What the call of an event did; undefined for one that failed, that is not about files, or whose records lack it. */
export function fileAction(event: AuditEvent): FileAction | undefined {
  const read = READERS[event.call?.name ?? ''];
  if (read === undefined) return undefined;
  const { name, record } = event.call!;
  // The end of a process does not return, so nothing is said of its success.
  return name === 'exit_group' || record.field('success') === 'yes' ? read(new Call(event)) : undefined;
}

/** Current directory of the process; empty where the records do not tell it. */
export function currentDirectory(event: AuditEvent): string {
  return auditText(event.records.find(({ type }) => type === CWD)?.field('cwd'));
}

/** The records of a call, as readers want them. */
class Call {
  readonly #event: AuditEvent;

  constructor(event: AuditEvent) {
    this.#event = event;
  }

  get result(): number {
    return auditNumber(this.#event.call!.record.field('exit')) ?? -1;
  }

  /** An argument, as the `int` that it is; records have them in hexadecimal. */
  argument(index: number): number {
    const value = Number.parseInt((this.#event.call!.record.field(`a${index}`) ?? '').slice(-8), 16);
    return Number.isNaN(value) ? -1 : value | 0;
  }

  record(wanted: number): AuditRecord | undefined {
    return this.#event.records.find(({ type }) => type === wanted);
  }

  /** The file of a kind (`CREATE`, `DELETE`, `NORMAL`, `UNKNOWN`); of `PARENT` there may be more, of each directory one. */
  path(kinds: readonly string[], directory: number, parent = 0): NamedPath | undefined {
    const paths = this.#event.records.filter(({ type }) => type === PATH);
    const kind = kinds.find((wanted) => paths.some((one) => one.field('nametype') === wanted));
    const found = paths.find((one) => one.field('nametype') === kind);
    const name = auditText(found?.field('name'));
    if (name === '') return undefined;
    const parents = paths.filter((one) => one.field('nametype') === 'PARENT');
    const type = Number.parseInt(found?.field('mode') ?? '', 8) & S_IFMT;
    return {
      name,
      directory,
      file: identity(found),
      parent: identity(parents[parent]),
      isDirectory: type === S_IFDIR,
    };
  }

  /** Whether the call made the file. */
  get creates(): boolean {
    return this.#event.records.some((one) => one.type === PATH && one.field('nametype') === 'CREATE');
  }
}

function identity(record: AuditRecord | undefined): string | undefined {
  const inode = auditNumber(record?.field('inode'));
  return inode === undefined ? undefined : `${record!.field('dev')}:${inode}`;
}

type Reader = (call: Call) => FileAction | undefined;

const opened = (call: Call, directory: number, flags: number): FileAction | undefined => {
  const path = call.path(['CREATE', 'NORMAL'], directory);
  if (path === undefined) return undefined;
  const [truncates, closeOnExec] = [(flags & O_TRUNC) !== 0, (flags & O_CLOEXEC) !== 0];
  return { kind: 'open', descriptor: call.result, path, creates: call.creates, truncates, closeOnExec };
};

const uses =
  (writes: boolean, argument = 0): Reader =>
  (call) => ({ kind: 'use', descriptor: call.argument(argument), writes });

const duplicates =
  (closeOnExec: (call: Call) => boolean): Reader =>
  (call) => ({ kind: 'duplicate', from: call.argument(0), to: call.result, closeOnExec: closeOnExec(call) });

/** `directory`: which argument is the descriptor of the directory, where there is one. */
const changes =
  (operation: string, kind: string, directory?: number): Reader =>
  (call) => {
    const path = call.path([kind], directory === undefined ? AT_FDCWD : call.argument(directory));
    return path && { kind: 'change', operation, path };
  };

const moves =
  (operation: string, kind: string, from?: number, to?: number): Reader =>
  (call) => {
    const at = (argument: number | undefined) => (argument === undefined ? AT_FDCWD : call.argument(argument));
    const path = call.path([kind], at(from));
    // A file that is renamed comes from the directory of the first record, and goes to that of the second.
    const destination = call.path(['CREATE'], at(to), operation === 'rename' ? 1 : 0);
    return path && destination && { kind: 'change', operation, path, destination };
  };

const forks: Reader = (call) => ({ kind: 'fork', child: call.result });
const executes: Reader = () => ({ kind: 'exec' });

const READERS: Readonly<Record<string, Reader | undefined>> = {
  open: (call) => opened(call, AT_FDCWD, call.argument(1)),
  openat: (call) => opened(call, call.argument(0), call.argument(2)),
  openat2: (call) => opened(call, call.argument(0), flagsOf(call.record(OPENAT2))),
  creat: (call) => opened(call, AT_FDCWD, O_CREAT | O_WRONLY | O_TRUNC),
  close: (call) => ({ kind: 'close', first: call.argument(0), last: call.argument(0) }),
  close_range: (call) => {
    // The last descriptor is often the largest `unsigned int`.
    const range = { first: call.argument(0), last: call.argument(1) >>> 0 };
    const marks = (call.argument(2) & CLOSE_RANGE_CLOEXEC) !== 0;
    return marks ? { kind: 'mark', ...range, closeOnExec: true } : { kind: 'close', ...range };
  },
  dup: duplicates(() => false),
  dup2: duplicates(() => false),
  dup3: duplicates((call) => (call.argument(2) & O_CLOEXEC) !== 0),
  fcntl: (call) => {
    const what = call.argument(1);
    if (what === F_DUPFD || what === F_DUPFD_CLOEXEC) return duplicates(() => what === F_DUPFD_CLOEXEC)(call);
    const [first, last] = [call.argument(0), call.argument(0)];
    const closeOnExec = (call.argument(2) & FD_CLOEXEC) !== 0;
    return what === F_SETFD ? { kind: 'mark', first, last, closeOnExec } : undefined;
  },
  ioctl: (call) => {
    const [descriptor, what] = [call.argument(0), call.argument(1)];
    if (what !== FIOCLEX && what !== FIONCLEX) return undefined;
    return { kind: 'mark', first: descriptor, last: descriptor, closeOnExec: what === FIOCLEX };
  },
  mmap: (call) => {
    const descriptor = auditNumber(call.record(MMAP)?.field('fd'));
    return descriptor === undefined ? undefined : { kind: 'use', descriptor, writes: true };
  },
  ...Object.fromEntries(['read', 'pread64', 'readv', 'preadv', 'preadv2'].map((name) => [name, uses(false)])),
  ...Object.fromEntries(['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'].map((name) => [name, uses(true)])),
  ftruncate: uses(true),
  fallocate: uses(true),
  sendfile: uses(true),
  copy_file_range: uses(true, 2),
  truncate: changes('write', 'NORMAL'),
  unlink: changes('unlink', 'DELETE'),
  unlinkat: changes('unlink', 'DELETE', 0),
  rmdir: changes('unlink', 'DELETE'),
  mkdir: changes('mkdir', 'CREATE'),
  mkdirat: changes('mkdir', 'CREATE', 0),
  mknod: changes('mknod', 'CREATE'),
  mknodat: changes('mknod', 'CREATE', 0),
  rename: moves('rename', 'DELETE'),
  renameat: moves('rename', 'DELETE', 0, 2),
  renameat2: moves('rename', 'DELETE', 0, 2),
  link: moves('link', 'NORMAL'),
  linkat: moves('link', 'NORMAL', 0, 2),
  symlink: moves('symlink', 'UNKNOWN'),
  symlinkat: moves('symlink', 'UNKNOWN', undefined, 1),
  fork: forks,
  vfork: forks,
  // What a thread does is reported of its process.
  clone: (call) => ((call.argument(0) & CLONE_THREAD) !== 0 ? undefined : forks(call)),
  clone3: forks,
  execve: executes,
  execveat: executes,
  exit_group: () => ({ kind: 'exit' }),
};

/** `AUDIT_OPENAT2` has the flags in octal. */
function flagsOf(record: AuditRecord | undefined): number {
  const flags = Number.parseInt(record?.field('oflag') ?? '', 8);
  return Number.isNaN(flags) ? 0 : flags;
}
