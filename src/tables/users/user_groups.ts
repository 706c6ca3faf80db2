import type { GroupEntry } from '../../parse/passwd.ts';
import { groupEntries, hasRemoteGroups, namedAccounts } from '../../schema/accounts.ts';
import { bigint } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/**
 * Source: `/etc/passwd` for primary groups, `/etc/group` for the others; the name services where they have groups, too
 * (`nsswitch.conf(5)`), and for users that a query names and the file lacks.
 */
export const userGroups = table({
  name: 'user_groups',
  description: 'Which user is in which groups, the primary one included.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    uid: bigint('User id', { index: true, optimized: true }),
    gid: bigint('Group id', { index: true }),
  },
  examples: [
    'select u.username, g.groupname from users u join user_groups ug using (uid) join groups g on g.gid = ug.gid',
  ],
  *generate({ host, values, attempt, row }) {
    const uids = values('uid');
    const { kernel } = host;
    const remote = kernel !== undefined && hasRemoteGroups(host);
    const membership = membershipIn(groupEntries(host, attempt));
    // Two names of one user are one user: each group once.
    const users = new Map<number, Set<number>>();
    for (const { name, uid, gid } of namedAccounts(host, attempt, uids)) {
      if (uids !== undefined && !uids.includes(uid)) continue;
      const groups = users.get(uid) ?? new Set();
      users.set(uid, groups);
      for (const group of [gid, ...(membership.get(name) ?? []), ...(remote ? kernel.groupIds(name, gid) : [])]) {
        groups.add(group);
      }
    }
    for (const [uid, groups] of users) for (const gid of groups) yield row({ uid, gid });
  },
});

/** Names of users to the ids of the groups that list them. */
type Membership = ReadonlyMap<string, readonly number[]>;

/** Those of groups that are held: a join with `users` asks for one user after the other. */
const known = new WeakMap<Iterable<GroupEntry>, Membership>();

function membershipIn(groups: Iterable<GroupEntry>): Membership {
  const before = known.get(groups);
  if (before !== undefined) return before;
  const membership = new Map<string, number[]>();
  for (const { gid, members } of groups) {
    for (const member of members) {
      const gids = membership.get(member);
      if (gids === undefined) membership.set(member, [gid]);
      else gids.push(gid);
    }
  }
  known.set(groups, membership);
  return membership;
}
