import type { Account, Kernel } from '../../host/host.ts';
import type { PasswdEntry } from '../../parse/passwd.ts';
import { passwdEntries } from '../../schema/accounts.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';

/**
 * Source: `/etc/passwd`, `passwd(5)`. Accounts of LDAP and other services come only when asked for: a look-up there may
 * take long and burden a server.
 */
export const users = table({
  name: 'users',
  description: 'Accounts of this machine; with include_remote = 1 those of the name services (LDAP, SSSD, …), too.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    uid: bigint('User id', { index: true }),
    gid: bigint('Id of the primary group'),
    uid_signed: bigint('User id as a signed number of 32 bits'),
    gid_signed: bigint('Group id as a signed number of 32 bits'),
    username: text('Name', { additional: true }),
    description: text('Full name or comment'),
    directory: text('Home directory'),
    shell: text('Program started at login'),
    uuid: text('UUID of the account', { index: true, collate: 'nocase', untested: 'Linux has none' }),
    type: text('local, roaming or special', { platforms: ['windows'] }),
    is_hidden: integer('1 if the login window leaves the account out', { platforms: ['darwin'] }),
    pid_with_namespace: integer('Process whose view of the file is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
    include_remote: integer('1 asks the name services as well', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
  },
  examples: ['select uid, username, shell from users', "select * from users where username = 'root'"],
  *generate({ host, values, attempt, row }) {
    const remote = values('include_remote')?.includes(1) === true;
    if (remote && host.kernel !== undefined) {
      for (const { uid, gid, name, gecos, home, shell } of remoteAccounts(
        host.kernel,
        values('uid'),
        values('username'),
      )) {
        yield row({ ...cells({ uid, gid, name, description: gecos, directory: home, shell }), include_remote: 1 });
      }
    }
    if (values('include_remote')?.includes(0) === false) return;
    for (const { host: seen, pid } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      for (const user of passwdEntries(seen, attempt, values('uid'))) {
        yield row({ ...cells(user), pid_with_namespace: pid, include_remote: 0 });
      }
    }
  },
});

function cells(user: PasswdEntry) {
  return {
    uid: user.uid,
    gid: user.gid,
    uid_signed: user.uid | 0,
    gid_signed: user.gid | 0,
    username: user.name,
    description: user.description,
    directory: user.directory,
    shell: user.shell,
  };
}

/** Those that are named, one by one; listing all of a directory service is often not even allowed. */
function* remoteAccounts(
  kernel: Kernel,
  uids: readonly number[] | undefined,
  names: readonly string[] | undefined,
): Iterable<Account> {
  if (uids === undefined && names === undefined) {
    yield* kernel.accounts();
    return;
  }
  const keys = uids?.map((uid) => ({ uid })) ?? names!.map((name) => ({ name }));
  for (const key of keys) {
    const account = kernel.account(key);
    if (account !== undefined) yield account;
  }
}
