import { HostError, ifReadable, isAbsent } from '../../base/errors.ts';
import type { FileKind, FileStat, Files, Host } from '../../host/host.ts';
import { roomFor } from '../../host/walk.ts';
import { groupEntries, passwdEntries } from '../../schema/accounts.ts';
import { integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { EVERYBODY } from '../../schema/recent-shares.ts';
import { table } from '../../schema/table.ts';

/** Where programs are, and the one place where everybody may leave one. */
const ROOTS = ['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/tmp'];
/** Files of one user that are shown, root's all: anybody may make a million in `/tmp`. */
const MAX_FILES = 10_000;
const S_ISUID = 0o4000;
const S_ISGID = 0o2000;

/** Source: `stat(2)` of the files below the directories of programs and `/tmp`. */
export const suidBin = table({
  name: 'suid_bin',
  description: 'Files that run with the rights of their owner or group, in the directories of programs and in /tmp.',
  platforms: ['linux', 'darwin'],
  cacheable: true,
  columns: {
    path: text('Path of the file'),
    username: text('Owner; the number if it has no name'),
    groupname: text('Group; the number if it has no name'),
    permissions: text('S for set-user-id, G for set-group-id, SG for both'),
    pid_with_namespace: integer('Process whose view of the files is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
  },
  examples: ["select path, username from suid_bin where path like '/tmp/%'"],
  *generate({ host, values, attempt, warn, row }) {
    for (const { host: seen, pid } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      const names = accountNames(seen, attempt);
      const counts = new Map<number, number>();
      let ofUsers = 0;
      for (const root of ROOTS) {
        for (const { path, stat } of filesBelow(seen.files, root, warn)) {
          if ((stat.mode & (S_ISUID | S_ISGID)) === 0) continue;
          const count = (counts.get(stat.uid) ?? 0) + 1;
          counts.set(stat.uid, count);
          if (stat.uid !== 0 && (count > MAX_FILES || ++ofUsers > MAX_FILES * EVERYBODY)) continue;
          yield row({
            path,
            username: names.user(stat.uid),
            groupname: names.group(stat.gid),
            permissions: (stat.mode & S_ISUID ? 'S' : '') + (stat.mode & S_ISGID ? 'G' : ''),
            pid_with_namespace: pid,
          });
        }
      }
      if (ofUsers > MAX_FILES * EVERYBODY) {
        const more = ofUsers - MAX_FILES * EVERYBODY;
        warn(`truncated: ${more} files left out: users have more than ${MAX_FILES * EVERYBODY}`);
      }
      for (const [uid, count] of counts) {
        if (uid === 0 || count <= MAX_FILES) continue;
        warn(`truncated: ${count - MAX_FILES} files left out: user ${uid} has more than ${MAX_FILES}`);
      }
    }
  },
});

/** Regular files and links to such that root made; links to directories are not followed. */
function* filesBelow(
  files: Files,
  root: string,
  warn: (message: string, cause?: unknown) => void,
): Generator<{ path: string; stat: FileStat }> {
  const pending = [root];
  /** How many of its directories were visited before, of those that have too many to hold. */
  const again = new Map<string, number>();
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const skip = again.get(directory) ?? 0;
    const below: string[] = [];
    const room = roomFor(pending.length);
    let directories = 0;
    let more = false;
    try {
      for (const { name, kind, stat: own } of files.scan(directory, { stat: true })) {
        const path = `${directory}/${name}`;
        if (kind === 'directory' && directories++ >= skip) {
          if (below.length < room) below.push(path);
          else more = true;
        }
        if (skip > 0 && more) break;
        if (skip > 0 || !MAY_BE_REGULAR.has(kind)) continue;
        const stat = ifReadable(() => lookAt(files, path, own));
        if (stat?.kind === 'regular') yield { path, stat };
      }
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      if (!isAbsent(cause)) warn('cannot read a directory', cause);
    }
    if (more) {
      again.set(directory, skip + room);
      pending.push(directory);
    }
    for (const path of below) pending.push(path);
  }
}

/** What somebody else links to need not answer, and is in no directory of programs. */
function lookAt(files: Files, path: string, seen: FileStat | undefined): FileStat {
  const own = seen ?? files.linkStat(path);
  return own.kind === 'symlink' && own.uid === 0 ? files.stat(path) : own;
}

const MAY_BE_REGULAR: ReadonlySet<FileKind> = new Set<FileKind>(['regular', 'symlink', 'unknown']);

function accountNames(host: Host, attempt: <T>(read: () => T) => T | undefined) {
  const users = new Map<number, string>();
  const groups = new Map<number, string>();
  // The first entry of an id is the one that the C library finds.
  for (const { uid, name } of passwdEntries(host, attempt)) if (!users.has(uid)) users.set(uid, name);
  for (const { gid, name } of groupEntries(host, attempt)) if (!groups.has(gid)) groups.set(gid, name);
  return {
    user: (uid: number) => users.get(uid) ?? host.kernel?.account({ uid })?.name ?? String(uid),
    group: (gid: number) => groups.get(gid) ?? host.kernel?.group({ gid })?.name ?? String(gid),
  };
}
