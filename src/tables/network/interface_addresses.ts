import { formatIp, prefixMask } from '../../base/ip-address.ts';
import {
  DUMP_REQUEST,
  type Link,
  parseInterfaceAddress,
  parseLink,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
} from '../../parse/rtnetlink.ts';
import { text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const NETLINK_ROUTE = 0;
const IFF_BROADCAST = 0x2;

/** Source: the kernel's addresses over `rtnetlink(7)`, put together as `ip address` does. */
export const interfaceAddresses = table({
  name: 'interface_addresses',
  description: 'Internet addresses of the network interfaces, a row an address.',
  platforms: ['linux', 'darwin', 'windows'],
  cacheable: true,
  live: true,
  columns: {
    interface: text('Name of the interface, or the label of the address (eth0:1)'),
    address: text('IPv4 or IPv6 address; a link-local one with its zone (fe80::1%eth0)'),
    mask: text('Network mask, written as an address'),
    broadcast: text('Broadcast address of the network, where one is set'),
    point_to_point: text('Address of the other end; of the loopback its own'),
    type: text('How the address came about; always unknown here'),
    friendly_name: text('Display name of the interface', { platforms: ['windows'] }),
  },
  examples: [
    'select interface, address, mask from interface_addresses',
    "select * from interface_addresses where interface = 'lo'",
  ],
  *generate({ kernel, attempt, row }) {
    const links = new Map<number, Link>();
    for (const { type, payload } of kernel.netlinkDump(NETLINK_ROUTE, RTM_GETLINK, DUMP_REQUEST)) {
      const link = type === RTM_NEWLINK ? attempt(() => parseLink(payload)) : undefined;
      if (link !== undefined) links.set(link.index, link);
    }
    for (const { type, payload } of kernel.netlinkDump(NETLINK_ROUTE, RTM_GETADDR, DUMP_REQUEST)) {
      const entry = type === RTM_NEWADDR ? attempt(() => parseInterfaceAddress(payload)) : undefined;
      const link = links.get(entry?.index ?? -1);
      const own = entry?.local ?? entry?.address;
      if (entry === undefined || link === undefined || own === undefined) continue;
      const { local, address, broadcast } = entry;
      const broadcasts = (link.flags & IFF_BROADCAST) !== 0;
      // IFA_ADDRESS beside IFA_LOCAL is the other end; where there is none, the address itself once more.
      const peer = local === undefined || (broadcasts && isSame(local, address)) ? undefined : address;
      yield row({
        interface: entry.label ?? link.name,
        address: withZone(own, link),
        mask: formatIp(prefixMask(entry.prefixLength, own.length === 4 ? 4 : 16)),
        broadcast: broadcasts && broadcast !== undefined ? withZone(broadcast, link) : '',
        point_to_point: peer === undefined ? '' : withZone(peer, link),
        type: 'unknown',
      });
    }
  },
});

function isSame(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other?.length === one.length && one.every((byte, i) => byte === other[i]);
}

/** As `getnameinfo(3)` does: fe80::/10 and ff02::/16 mean nothing without their interface. */
function withZone(address: Uint8Array, { name }: Link): string {
  const linkLocal = address.length === 16 && address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;
  const multicastLinkLocal = address.length === 16 && address[0] === 0xff && (address[1]! & 0x0f) === 2;
  return formatIp(address)! + (linkLocal || multicastLinkLocal ? `%${name}` : '');
}
