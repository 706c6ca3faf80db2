import { parseArp } from '../../parse/proc-net.ts';
import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

/** ATF_COM and ATF_PERM of `include/uapi/linux/if_arp.h`: an entry that is complete and stays. */
const PERMANENT = 0x2 | 0x4;

/** Source: `/proc/net/arp`, `arp(7)`. */
export const arpCache = table({
  name: 'arp_cache',
  description: 'Hardware addresses that this machine knows of its IPv4 neighbours.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: {
    address: text('IPv4 address of the neighbour'),
    mac: text('Hardware address; all zero while it is being asked for', { collate: 'nocase' }),
    interface: text('Interface the neighbour is behind'),
    permanent: text('1 for an entry set by hand that never expires, else 0'),
  },
  examples: ['select address, mac from arp_cache', "select * from arp_cache where permanent = '1'"],
  *generate({ host, attempt, row }) {
    const content = attempt(() => host.files.readText('/proc/net/arp')) ?? '';
    for (const { address, mac, interface: device, flags } of parseArp(content)) {
      yield row({ address, mac, interface: device, permanent: (flags & PERMANENT) === PERMANENT ? '1' : '0' });
    }
  },
});
