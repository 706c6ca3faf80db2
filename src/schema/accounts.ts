import type { Host } from '../host/host.ts';
import { type GroupEntry, type PasswdEntry, parseGroup, parsePasswd } from '../parse/passwd.ts';

type Attempt = <T>(read: () => T) => T | undefined;

/** The accounts of `/etc/passwd`. */
export function passwdEntries(host: Host, attempt: Attempt): Iterable<PasswdEntry> {
  return parsePasswd(attempt(() => host.files.readText('/etc/passwd')) ?? '');
}

/** The groups of `/etc/group`. */
export function groupEntries(host: Host, attempt: Attempt): Iterable<GroupEntry> {
  return parseGroup(attempt(() => host.files.readText('/etc/group')) ?? '');
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
  for (const user of passwdEntries(seen, attempt)) {
    if (wanted !== undefined && !wanted.includes(user.uid)) continue;
    // Two names of one user with one home are the same data.
    const key = `${user.uid}:${user.directory}`;
    if (!user.directory.startsWith('/') || done.has(key)) continue;
    done.add(key);
    yield user;
  }
}
