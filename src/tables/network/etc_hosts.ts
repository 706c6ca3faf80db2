import { parseHosts } from '../../parse/hosts.ts';
import { integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';

/** Source: `/etc/hosts`, `hosts(5)`. */
export const etcHosts = table({
  name: 'etc_hosts',
  description: 'Host names that this machine resolves by itself, a row a line of its hosts file.',
  platforms: ['linux', 'darwin', 'windows'],
  aliases: ['hosts'],
  cacheable: true,
  columns: {
    address: text('Address that the names stand for, as written'),
    hostnames: text('Names of the address, separated by a space; the first is the canonical one'),
    pid_with_namespace: integer('Process whose view of the file is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
  },
  examples: ['select * from etc_hosts', "select hostnames from etc_hosts where address = '127.0.0.1'"],
  *generate({ host, values, attempt, row }) {
    for (const space of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      const content = attempt(() => space.host.files.readText('/etc/hosts')) ?? '';
      for (const { address, names } of parseHosts(content)) {
        yield row({ address, hostnames: names.join(' '), pid_with_namespace: space.pid });
      }
    }
  },
});
