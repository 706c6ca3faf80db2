import { ifReadable } from '../base/errors.ts';
import type { Host } from '../host/host.ts';
import { asksOtherServices } from '../parse/nsswitch.ts';
import { type GroupEntry, type PasswdEntry, parseGroup, parsePasswd } from '../parse/passwd.ts';
import { HeldAnswers } from './held-answers.ts';
import { IdFile } from './id-file.ts';

type Attempt = <T>(read: () => T) => T | undefined;

const passwd = new IdFile('/etc/passwd', parsePasswd, ({ uid }) => uid);
const group = new IdFile('/etc/group', parseGroup, ({ gid }) => gid);

/** What name services said of ids that the files do not have: a join asks for one of them again and again. */
const remoteUsers = new HeldAnswers<PasswdEntry>();
const remoteGroups = new HeldAnswers<GroupEntry>();

/** The accounts of `/etc/passwd`; where `uids` are given, at least theirs. */
export function passwdEntries(host: Host, attempt: Attempt, uids?: readonly number[]): Iterable<PasswdEntry> {
  return passwd.entries(host.files, attempt, uids);
}

/** The groups of `/etc/group`; where `gids` are given, at least theirs. */
export function groupEntries(host: Host, attempt: Attempt, gids?: readonly number[]): Iterable<GroupEntry> {
  return group.entries(host.files, attempt, gids);
}

/**
 * As `passwdEntries`; an id that is named and not in the file is looked up with the name services (LDAP, SSSD, systemd), as
 * `id` does. Nobody lists a whole directory service.
 */
export function* namedAccounts(host: Host, attempt: Attempt, uids?: readonly number[]): Generator<PasswdEntry> {
  const missing = new Set(uids);
  for (const user of passwdEntries(host, attempt, uids)) {
    missing.delete(user.uid);
    yield user;
  }
  const { kernel } = host;
  if (kernel === undefined) return;
  for (const uid of missing) {
    const user = remoteUsers.of(host, uid, kernel.now(), () => {
      const account = kernel.account({ uid });
      return account && { ...account, description: account.gecos, directory: account.home };
    });
    if (user !== undefined) yield user;
  }
}

/** As `groupEntries`; an id that is named and not in the file is looked up with the name services. */
export function* namedGroups(host: Host, attempt: Attempt, gids?: readonly number[]): Generator<GroupEntry> {
  const missing = new Set(gids);
  for (const entry of groupEntries(host, attempt, gids)) {
    missing.delete(entry.gid);
    yield entry;
  }
  const { kernel } = host;
  if (kernel === undefined) return;
  for (const gid of missing) {
    const entry = remoteGroups.of(host, gid, kernel.now(), () => kernel.group({ gid }));
    if (entry !== undefined) yield entry;
  }
}

/** Whether groups come from elsewhere than `/etc/group`: then that file does not have all members. */
export function hasRemoteGroups(host: Host): boolean {
  if (host.kernel === undefined) return false;
  const content = ifReadable(() => host.files.readText('/etc/nsswitch.conf')) ?? '';
  return asksOtherServices(content, 'group') || asksOtherServices(content, 'initgroups');
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
  for (const user of namedAccounts(seen, attempt, wanted)) {
    if (wanted !== undefined && !wanted.includes(user.uid)) continue;
    // An account without a home has its files in the root directory, as sshd and login see it.
    const directory = user.directory === '/' ? '' : user.directory;
    if (directory !== '' && !directory.startsWith('/')) continue;
    // Two names of one user with one home are the same data.
    const key = `${user.uid}:${directory}`;
    if (done.has(key)) continue;
    done.add(key);
    yield { ...user, directory };
  }
}
