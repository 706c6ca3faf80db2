import {
  AF_INET,
  AF_INET6,
  DUMP_REQUEST,
  parseLink,
  parseRoute,
  type Route,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWLINK,
  RTM_NEWROUTE,
} from '../../parse/rtnetlink.ts';
import { integer, text } from '../../schema/columns.ts';
import { table } from '../../schema/table.ts';

const NETLINK_ROUTE = 0;

/** RTN_* of `include/uapi/linux/rtnetlink.h` that have a name of their own; the rest is "other". */
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'gateway'],
  [2, 'local'],
  [3, 'broadcast'],
  [4, 'anycast'],
]);

/** Source: every routing table of the kernel, IPv4 and IPv6, over `rtnetlink(7)`. */
export const routes = table({
  name: 'routes',
  description: 'Routes of all routing tables, IPv4 and IPv6; a route over several paths has a row for each.',
  platforms: ['linux', 'darwin', 'windows'],
  cacheable: true,
  live: true,
  columns: {
    destination: text('Network or host the route leads to; 0.0.0.0 or :: for the default route'),
    netmask: integer('Length of the network prefix in bits; 0 for the default route and for a single host'),
    gateway: text('Address of the next router; empty on a directly connected network'),
    source: text('Address preferred for packets sent over the route'),
    flags: integer('Flags of the route, RTM_F_ and RTNH_F_ bits'),
    interface: text('Interface the packets leave by'),
    mtu: integer('Largest packet in bytes that the route demands; 0 if it does not'),
    metric: integer('Priority: of two routes the lower one is taken'),
    type: text('gateway (any unicast route), local, broadcast, anycast or other', { additional: true }),
    hopcount: integer('Hop limit that the route demands; 0 if it does not', { platforms: ['linux', 'darwin'] }),
  },
  examples: ["select * from routes where destination = '0.0.0.0'", "select * from routes where type = 'gateway'"],
  *generate({ kernel, attempt, row }) {
    const names = new Map<number, string>();
    for (const { type, payload } of kernel.netlinkDump(NETLINK_ROUTE, RTM_GETLINK, DUMP_REQUEST)) {
      const link = type === RTM_NEWLINK ? attempt(() => parseLink(payload)) : undefined;
      if (link !== undefined) names.set(link.index, link.name);
    }
    for (const { type, payload } of kernel.netlinkDump(NETLINK_ROUTE, RTM_GETROUTE, DUMP_REQUEST)) {
      const route = type === RTM_NEWROUTE ? attempt(() => parseRoute(payload)) : undefined;
      if (route === undefined || (route.family !== AF_INET && route.family !== AF_INET6)) continue;
      for (const { gateway, interfaceIndex } of route.nextHops) {
        yield row({
          destination: route.destination || (route.family === AF_INET ? '0.0.0.0' : '::'),
          netmask: isHost(route) ? 0 : route.destinationLength,
          gateway,
          source: route.source,
          flags: route.flags,
          interface: names.get(interfaceIndex),
          mtu: route.mtu,
          // Signed: the route that refuses everything has the highest priority number, shown as -1.
          metric: route.priority | 0,
          type: TYPE_NAMES.get(route.type) ?? 'other',
          hopcount: route.hopLimit,
        });
      }
    }
  },
});

function isHost({ family, destinationLength }: Route): boolean {
  return destinationLength === (family === AF_INET ? 32 : 128);
}
