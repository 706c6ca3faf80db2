import { ifReadable } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import { DUMP_REQUEST, type Link, parseLink, RTM_GETLINK, RTM_NEWLINK } from '../../parse/rtnetlink.ts';
import { busInfo } from '../../parse/sysfs-device.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const NETLINK_ROUTE = 0;

/**
 * Flags that sysfs knows better, `include/uapi/linux/if.h`: up, debug, notrailers, noarp, promisc, allmulti, multicast,
 * portsel, automedia, dynamic. Netlink shows promiscuous mode only if it was set by hand, sysfs also if a sniffer set it.
 */
const SYSFS_FLAGS = 0x1 | 0x4 | 0x20 | 0x80 | 0x100 | 0x200 | 0x1000 | 0x2000 | 0x4000 | 0x8000;

/** `IFF_TAP` of `include/uapi/linux/if_tun.h`, in `tun_flags`. */
const IFF_TAP = 0x2;

/** Sources: the kernel's links over `rtnetlink(7)`, `/sys/class/net` (kernel's `ABI/testing/sysfs-class-net`). */
export const interfaceDetails = table({
  name: 'interface_details',
  description: 'Network interfaces: hardware, state and traffic counters.',
  platforms: ['linux', 'darwin', 'windows'],
  cacheable: true,
  live: true,
  columns: {
    interface: text('Name of the interface'),
    mac: text('Hardware address; all zero if it has none', { collate: 'nocase' }),
    type: integer('Kind of hardware: the low byte of ARPHRD_ (1 Ethernet, 4 loopback, 254 none)'),
    mtu: integer('Largest packet in bytes'),
    metric: integer('Metric of the interface; always 0, Linux has them on routes'),
    flags: integer('State and abilities, IFF_ bits of netdevice(7)'),
    ipackets: bigint('Packets received'),
    opackets: bigint('Packets sent'),
    ibytes: bigint('Bytes received'),
    obytes: bigint('Bytes sent'),
    ierrors: bigint('Packets received with errors'),
    oerrors: bigint('Packets that could not be sent'),
    idrops: bigint('Packets received and dropped'),
    odrops: bigint('Packets dropped before they were sent'),
    collisions: bigint('Collisions seen while sending'),
    last_change: bigint('Time of the last change of the device, seconds since the epoch; -1, Linux does not keep it'),
    link_speed: bigint('Speed of the link in Mbit/s; 0 if unknown', { platforms: ['linux', 'darwin'] }),
    pci_slot: text('Bus address of the device; -1 if there is no device', { platforms: ['linux'] }),
    friendly_name: text('Display name of the interface', { platforms: ['windows'] }),
    description: text('What the interface says it is', { platforms: ['windows'] }),
    manufacturer: text('Maker of the adapter', { platforms: ['windows'] }),
    connection_id: text('Name of the connection in the control panel', { platforms: ['windows'] }),
    connection_status: text('State of the connection', { platforms: ['windows'] }),
    enabled: integer('1 if the adapter is enabled', { platforms: ['windows'] }),
    physical_adapter: integer('1 if the adapter is hardware', { platforms: ['windows'] }),
    speed: integer('Bandwidth in bits a second, as estimated', { platforms: ['windows'] }),
    service: text('Service that drives the adapter', { platforms: ['windows'] }),
    dhcp_enabled: integer('1 if addresses come from DHCP', { platforms: ['windows'] }),
    dhcp_lease_expires: text('When the DHCP lease ends', { platforms: ['windows'] }),
    dhcp_lease_obtained: text('When the DHCP lease began', { platforms: ['windows'] }),
    dhcp_server: text('Address of the DHCP server', { platforms: ['windows'] }),
    dns_domain: text('Organization and domain of the DNS name', { platforms: ['windows'] }),
    dns_domain_suffix_search_order: text('Domains searched, in order', { platforms: ['windows'] }),
    dns_host_name: text('Host name used in DNS', { platforms: ['windows'] }),
    dns_server_search_order: text('DNS servers asked, in order', { platforms: ['windows'] }),
  },
  examples: [
    'select interface, mac, mtu from interface_details',
    'select interface, ibytes, obytes from interface_details order by ibytes desc',
  ],
  *generate({ host, kernel, attempt, uses, row }) {
    for (const { type, payload } of kernel.netlinkDump(NETLINK_ROUTE, RTM_GETLINK, DUMP_REQUEST)) {
      const link = type === RTM_NEWLINK ? attempt(() => parseLink(payload)) : undefined;
      if (link === undefined) continue;
      const counters = link.counters;
      yield row({
        interface: link.name,
        mac: macText(link.address),
        type: link.hardwareType & 0xff,
        mtu: link.mtu,
        metric: 0,
        flags: uses('flags') ? flags(host, link) : undefined,
        ipackets: counters?.rxPackets,
        opackets: counters?.txPackets,
        ibytes: counters?.rxBytes,
        obytes: counters?.txBytes,
        ierrors: counters?.rxErrors,
        oerrors: counters?.txErrors,
        idrops: counters?.rxDropped,
        odrops: counters?.txDropped,
        collisions: counters?.collisions,
        last_change: -1,
        link_speed: uses('link_speed') ? linkSpeed(host, link) : undefined,
        pci_slot: uses('pci_slot') ? slot(host, link) : undefined,
      });
    }
  },
});

/** The first six bytes: longer addresses (InfiniBand) are cut, shorter ones filled with zeros. */
function macText(address: Uint8Array): string {
  return Array.from({ length: 6 }, (_, i) => (address[i] ?? 0).toString(16).padStart(2, '0')).join(':');
}

function flags(host: Host, link: Link): number {
  const own = Number(attribute(host, link, 'flags'));
  return Number.isInteger(own) && own > 0 ? ((link.flags & ~SYSFS_FLAGS) | (own & SYSFS_FLAGS)) >>> 0 : link.flags;
}

/** Unreadable (EINVAL) while the interface is down, -1 where the driver does not know. */
function linkSpeed(host: Host, link: Link): number {
  const speed = Number(attribute(host, link, 'speed'));
  return Number.isInteger(speed) && speed > 0 && speed < 0xffffffff ? speed : 0;
}

function slot(host: Host, link: Link): string {
  const device = ifReadable(() => host.files.realPath(`${directory(link)}/device`));
  if (device !== undefined) return busInfo(device);
  // No device behind it. What a virtual driver answers to `ethtool -i` tells what it is.
  if (link.kind === 'bridge') return 'N/A';
  if (link.kind === 'tun') return (Number(attribute(host, link, 'tun_flags')) & IFF_TAP) !== 0 ? 'tap' : 'tun';
  return link.kind === '' ? '-1' : '';
}

/** A file of the interface in sysfs; '' where there is none. Many refuse to be read in some state: no warning is due. */
function attribute(host: Host, link: Link, file: string): string {
  return ifReadable(() => host.files.readText(`${directory(link)}/${file}`).trim()) ?? '';
}

/** The kernel lets no name of an interface be a path; what poses as the kernel may. */
function directory({ name }: Link): string {
  return `/sys/class/net/${name.replaceAll('/', '!')}`;
}
