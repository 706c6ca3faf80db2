import type { Host } from '../host/host.ts';
import { type GroupEntry, type PasswdEntry, parseGroup, parsePasswd } from '../parse/passwd.ts';
import { IdFile } from './id-file.ts';

type Attempt = <T>(read: () => T) => T | undefined;

const passwd = new IdFile('/etc/passwd', parsePasswd, ({ uid }) => uid);
const group = new IdFile('/etc/group', parseGroup, ({ gid }) => gid);

/** The accounts of `/etc/passwd`; where `uids` are given, at least theirs. */
export function passwdEntries(host: Host, attempt: Attempt, uids?: readonly number[]): Iterable<PasswdEntry> {
  return passwd.entries(host.files, attempt, uids);
}

/** The groups of `/etc/group`; where `gids` are given, at least theirs. */
export function groupEntries(host: Host, attempt: Attempt, gids?: readonly number[]): Iterable<GroupEntry> {
  return group.entries(host.files, attempt, gids);
}

/**
 * Whose files a table of users' data reads: the users that the query names by `uid`; without, as in osquery, the user
 * who runs this program, or everybody where there is no running kernel to say who that is (`--root`).
 */
export function* chosenUsers(
  host: Host,
  seen: Host,
  uids: readonly number[] | undefined,
  attempt: Attempt,
  warn: (message: string) => void,
): Generator<PasswdEntry> {
  const own = host.kernel?.uid;
  if (uids === undefined && own === 0) {
    warn('shows the data of the current user only: JOIN the users table on uid for that of others');
  }
  const wanted = uids ?? (own === undefined ? undefined : [own]);
  const done = new Set<string>();
  for (const user of passwdEntries(seen, attempt, wanted)) {
    if (wanted !== undefined && !wanted.includes(user.uid)) continue;
    // Two names of one user with one home are the same data.
    const key = `${user.uid}:${user.directory}`;
    if (!user.directory.startsWith('/') || done.has(key)) continue;
    done.add(key);
    yield user;
  }
}
