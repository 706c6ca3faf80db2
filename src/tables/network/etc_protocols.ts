import { parseProtocols } from '../../parse/network-databases.ts';
import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** Source: `/etc/protocols`, `protocols(5)`. */
export const etcProtocols = table({
  name: 'etc_protocols',
  description: 'Names of internet protocols and their numbers.',
  platforms: ['linux', 'darwin', 'windows'],
  cacheable: true,
  columns: {
    name: text('Name of the protocol'),
    number: integer('Protocol number in the IP header'),
    alias: text('First other name of the protocol'),
    comment: text('What the file says about the protocol'),
  },
  examples: ["select number from etc_protocols where name = 'icmp'"],
  *generate({ host, attempt, row }) {
    const content = attempt(() => host.files.readText('/etc/protocols')) ?? '';
    for (const { name, number, aliases, comment } of parseProtocols(content)) {
      yield row({ name, number, alias: aliases[0], comment });
    }
  },
});
