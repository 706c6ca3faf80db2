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
    const membership = new Map<string, number[]>();
    for (const { gid, members } of groupEntries(host, attempt)) {
      for (const member of members) {
        const gids = membership.get(member);
        if (gids === undefined) membership.set(member, [gid]);
        else gids.push(gid);
      }
    }
    for (const { name, uid, gid } of passwdEntries(host, attempt, uids)) {
      if (uids !== undefined && !uids.includes(uid)) continue;
      for (const group of new Set([gid, ...(membership.get(name) ?? [])])) yield row({ uid, gid: group });
    }
  },
});
