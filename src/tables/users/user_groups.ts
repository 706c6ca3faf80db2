import type { GroupEntry } from '../../parse/passwd.ts';
import { groupEntries, passwdEntries } from '../../schema/accounts.ts';
import { bigint } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Source: `/etc/passwd` for primary groups, `/etc/group` for the others. */
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
    const membership = membershipIn(groupEntries(host, attempt));
    for (const { name, uid, gid } of passwdEntries(host, attempt, uids)) {
      if (uids !== undefined && !uids.includes(uid)) continue;
      for (const group of new Set([gid, ...(membership.get(name) ?? [])])) yield row({ uid, gid: group });
    }
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
