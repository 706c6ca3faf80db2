import { parseServices } from '../../parse/network-databases.ts';
import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Source: `/etc/services`, `services(5)`. */
export const etcServices = table({
  name: 'etc_services',
  description: 'Names of network services and the ports they stand for.',
  platforms: ['linux', 'darwin', 'windows'],
  cacheable: true,
  columns: {
    name: text('Name of the service'),
    port: integer('Port number'),
    protocol: text('Transport protocol: tcp, udp, sctp, …'),
    aliases: text('Other names of the service, separated by a space'),
    comment: text('What the file says about the service'),
  },
  examples: ["select port from etc_services where name = 'ssh' and protocol = 'tcp'"],
  *generate({ host, attempt, row }) {
    const content = attempt(() => host.files.readText('/etc/services')) ?? '';
    for (const { name, port, protocol, aliases, comment } of parseServices(content)) {
      yield row({ name, port, protocol, aliases: aliases.join(' '), comment });
    }
  },
});
