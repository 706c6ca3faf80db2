import { namedGroups } from '../../schema/accounts.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';

/** Source: `/etc/group`, `group(5)`; for ids that a query names and the file lacks, the name services. */
export const groups = table({
  name: 'groups',
  description: 'Groups of this machine.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    gid: bigint('Group id', { index: true }),
    gid_signed: bigint('Group id as a signed number of 32 bits'),
    groupname: text('Name'),
    group_sid: text('Security identifier', { index: true, platforms: ['windows'] }),
    comment: text('Remark', { platforms: ['windows'] }),
    is_hidden: integer('1 if directory listings leave the group out', { platforms: ['darwin'] }),
    pid_with_namespace: integer('Process whose view of the file is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
  },
  examples: ['select gid, groupname from groups'],
  *generate({ host, values, attempt, row }) {
    for (const { host: seen, pid } of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      // Two names of one id are two rows: whoever is in the second is in the group, too.
      const done = new Set<string>();
      for (const { name, gid } of namedGroups(seen, attempt, values('gid'))) {
        const key = `${gid}:${name}`;
        if (done.has(key)) continue;
        done.add(key);
        yield row({ gid, gid_signed: gid | 0, groupname: name, pid_with_namespace: pid });
      }
    }
  },
});
