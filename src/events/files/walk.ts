import { HostError, ifReadable } from '../../base/errors.ts';
import type { DirectoryEntry, FileStat, Files } from '../../host/host.ts';
import { parseMounts } from '../../parse/mounts.ts';
import type { Interest, PathRules } from './path-rules.ts';

/** A directory that rules are about. */
export interface WalkedDirectory {
  readonly path: string;
  readonly interest: Interest;
  /** What is in it; asked for, and read, once it has been dealt with otherwise. */
  entries(): Iterable<DirectoryEntry>;
}

/** File systems that have no files of anybody: a wildcard does not lead there. */
const WITHOUT_FILES = new Set(
  `autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts efivarfs fusectl hugetlbfs mqueue nsfs proc pstore
  rpc_pipefs securityfs sysfs tracefs`.split(/\s+/),
);
/** Entries of a directory that are kept while it is walked; one that has more is read once for each who asks. */
const KEPT_ENTRIES = 10_000;
/** Directories that one walk reaches through links: some ten megabytes to know them again. */
const MOST_LINKED = 100_000;

/** Where file systems with files of somebody are mounted, and their types. */
export function mountsWithFiles(files: Files): { readonly path: string; readonly type: string }[] {
  return mountsOf(files).filter(({ type }) => !WITHOUT_FILES.has(type));
}

/**
 * The directories below and with `top` that rules are about, each before what is in it: who watches it before it goes on
 * misses nothing. Links are followed only on the way to where a pattern covers all below, and each directory is walked once
 * through links, however many lead to it. With `stems` it ends where a pattern covers all below.
 */
export function* walkRules(
  files: Files,
  rules: PathRules,
  top: string,
  { stems = false } = {},
): Generator<WalkedDirectory> {
  // Asked for only where a walk goes on: most are of a directory that was just made.
  let others: ReadonlySet<string> | undefined;
  const isWithoutFiles = (path: string) => {
    others ??= mountsWithoutFiles(files);
    return others.has(path);
  };
  const linked = new Set<string>();
  const isNew = ({ device, inode }: FileStat) => {
    const key = `${device}:${inode}`;
    if (linked.has(key) || linked.size >= MOST_LINKED) return false;
    linked.add(key);
    return true;
  };
  const pending = [{ path: top, isLinked: false }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { path, isLinked } = next;
    const interest = rules.interest(path);
    if (interest === undefined || (path !== top && !interest.named && isWithoutFiles(path))) continue;
    const entries = entriesOf(files, path);
    yield { path, interest, entries };
    if (!interest.leads || (stems && interest.recursive)) continue;
    for (const { name, kind: told } of entries()) {
      const below = path === '/' ? `/${name}` : `${path}/${name}`;
      // Some file systems do not tell it.
      const kind = told === 'unknown' ? ifReadable(() => files.linkStat(below).kind) : told;
      if (kind !== 'directory' && (kind !== 'symlink' || interest.recursive)) continue;
      if (rules.interest(below) === undefined) continue;
      if (kind === 'directory' && !isLinked) pending.push({ path: below, isLinked });
      else {
        const stat = ifReadable(() => files.stat(below));
        if (stat?.kind === 'directory' && isNew(stat)) pending.push({ path: below, isLinked: true });
      }
    }
  }
}

function mountsWithoutFiles(files: Files): ReadonlySet<string> {
  return new Set(mountsOf(files).flatMap(({ path, type }) => (WITHOUT_FILES.has(type) ? [path] : [])));
}

function mountsOf(files: Files): { readonly path: string; readonly type: string }[] {
  return [...parseMounts(ifReadable(() => files.readText('/proc/self/mounts')) ?? '')];
}

function entriesOf(files: Files, path: string): () => Iterable<DirectoryEntry> {
  let known: DirectoryEntry[] | undefined;
  return () =>
    known ??
    readEntries(files, path, (entries) => {
      known = entries;
    });
}

function* readEntries(
  files: Files,
  path: string,
  keep: (entries: DirectoryEntry[]) => void,
): Generator<DirectoryEntry> {
  const read: DirectoryEntry[] = [];
  try {
    using scan = files.scan(path);
    for (let entry = scan.read(); entry !== undefined; entry = scan.read()) {
      const { name, kind } = entry;
      if (read.length <= KEPT_ENTRIES) read.push({ name, kind });
      yield { name, kind };
    }
  } catch (cause) {
    if (!(cause instanceof HostError)) throw cause;
  }
  if (read.length <= KEPT_ENTRIES) keep(read);
}
