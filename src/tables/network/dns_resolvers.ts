import { parseResolvConf } from '../../parse/resolv-conf.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { mountNamespaces } from '../../schema/mount-namespaces.ts';
import { table } from '../../schema/table.ts';

/** Source: `/etc/resolv.conf`, `resolv.conf(5)`, with what the C library adds where the file is silent. */
export const dnsResolvers = table({
  name: 'dns_resolvers',
  description: 'How this machine resolves names over DNS: servers asked, domains searched, address preferences.',
  platforms: ['linux', 'darwin'],
  columns: {
    id: integer('Position among the rows of the same type, from 0'),
    type: text('nameserver, search or sortlist'),
    address: text('Address of the server or of the preferred network, or the domain searched'),
    netmask: text('Length of the network prefix in bits; 32 for a server, empty for a domain'),
    options: bigint('Options of the resolver as RES_ bits of resolv.h; the same in every row'),
    pid_with_namespace: integer('Process whose view of the file is wanted; 0 for this machine', {
      additional: true,
      hidden: true,
      platforms: ['linux'],
    }),
  },
  examples: ["select address from dns_resolvers where type = 'nameserver'"],
  *generate({ host, values, attempt, row }) {
    for (const space of mountNamespaces(host, values('pid_with_namespace'), attempt)) {
      const content = attempt(() => space.host.files.readText('/etc/resolv.conf')) ?? '';
      const hostname = attempt(() => space.host.files.readText('/proc/sys/kernel/hostname').trim());
      const { nameservers, sortlist, search, options } = parseResolvConf(content, hostname);
      const same = { options, pid_with_namespace: space.pid };
      for (const [id, address] of nameservers.entries()) {
        yield row({ id, type: 'nameserver', address, netmask: '32', ...same });
      }
      for (const [id, { address, prefixLength }] of sortlist.entries()) {
        yield row({ id, type: 'sortlist', address, netmask: `${prefixLength}`, ...same });
      }
      for (const [id, address] of search.entries()) yield row({ id, type: 'search', address, ...same });
    }
  },
});
