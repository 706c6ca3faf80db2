import { ByteReader } from '../base/byte-reader.ts';
import { formatIp } from '../base/ip-address.ts';
import { netlinkAttributes } from '../base/netlink.ts';
import { decodeText } from '../base/text.ts';

/**
 * Answers of the kernel's routing sockets, `rtnetlink(7)`: links, addresses, routes. Message types, attribute numbers
 * and structures are those of `include/uapi/linux/rtnetlink.h`, `if_link.h` and `if_addr.h`. A message too short for its
 * fixed part throws `MalformedInput`; an attribute of the wrong size counts as absent.
 */
export const RTM_NEWLINK = 16;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_GETROUTE = 26;

export const AF_INET = 2;
export const AF_INET6 = 10;

/** `struct rtnl_link_stats64`; counters since the interface came up. */
export interface LinkCounters {
  readonly rxPackets: bigint;
  readonly txPackets: bigint;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  readonly rxErrors: bigint;
  readonly txErrors: bigint;
  readonly rxDropped: bigint;
  readonly txDropped: bigint;
  readonly collisions: bigint;
}

export interface Link {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_*, `include/uapi/linux/if_arp.h`. */
  readonly hardwareType: number;
  /** IFF_*, `netdevice(7)`. */
  readonly flags: number;
  readonly mtu: number;
  /** Hardware address; empty on interfaces without one. */
  readonly address: Uint8Array;
  readonly counters: LinkCounters | undefined;
  /** Kind of a virtual interface (`veth`, `bridge`, `vlan`, …); '' for hardware and loopback. */
  readonly kind: string;
}

export interface InterfaceAddress {
  readonly family: number;
  readonly index: number;
  readonly prefixLength: number;
  /** IPv4 only: the name it was given under, such as `eth0:1`. */
  readonly label: string | undefined;
  /** IFA_ADDRESS: of the interface, or of the other end of a point-to-point link. */
  readonly address: Uint8Array | undefined;
  /** IFA_LOCAL: of the interface, where the kernel tells it apart. */
  readonly local: Uint8Array | undefined;
  readonly broadcast: Uint8Array | undefined;
}

export interface NextHop {
  readonly interfaceIndex: number;
  readonly gateway: string;
}

export interface Route {
  readonly family: number;
  /** RTN_*: 1 unicast, 2 local, 3 broadcast, 4 anycast, 5 multicast, 6 blackhole, 7 unreachable, 8 prohibit. */
  readonly type: number;
  readonly flags: number;
  readonly destinationLength: number;
  /** '' for the default route. */
  readonly destination: string;
  readonly source: string;
  readonly priority: number;
  readonly mtu: number;
  readonly hopLimit: number;
  /** At least one; several on a multipath route. */
  readonly nextHops: readonly NextHop[];
}

export function parseLink(payload: Uint8Array, source = 'rtnetlink link'): Link {
  const reader = new ByteReader(payload, source);
  const hardwareType = reader.skip(2).u16();
  const index = reader.i32();
  const flags = reader.u32();
  reader.skip(4);
  let name = '';
  let mtu = 0;
  let address: Uint8Array = new Uint8Array();
  let counters: LinkCounters | undefined;
  let kind = '';
  for (const { type, value } of netlinkAttributes(reader)) {
    if (type === IFLA_ADDRESS) address = value.bytes(value.remaining);
    else if (type === IFLA_IFNAME) name = text(value);
    else if (type === IFLA_MTU) mtu = number(value);
    else if (type === IFLA_STATS64) counters = linkCounters(value);
    else if (type === IFLA_LINKINFO) {
      for (const info of netlinkAttributes(value)) if (info.type === IFLA_INFO_KIND) kind = text(info.value);
    }
  }
  return { index, name, hardwareType, flags, mtu, address, counters, kind };
}

export function parseInterfaceAddress(payload: Uint8Array, source = 'rtnetlink address'): InterfaceAddress {
  const reader = new ByteReader(payload, source);
  const family = reader.u8();
  const prefixLength = reader.u8();
  const index = reader.skip(2).u32();
  let label: string | undefined;
  let address: Uint8Array | undefined;
  let local: Uint8Array | undefined;
  let broadcast: Uint8Array | undefined;
  for (const { type, value } of netlinkAttributes(reader)) {
    if (type === IFA_ADDRESS) address = addressBytes(family, value);
    else if (type === IFA_LOCAL) local = addressBytes(family, value);
    else if (type === IFA_BROADCAST) broadcast = addressBytes(family, value);
    else if (type === IFA_LABEL) label = text(value);
  }
  return { family, index, prefixLength, label, address, local, broadcast };
}

export function parseRoute(payload: Uint8Array, source = 'rtnetlink route'): Route {
  const reader = new ByteReader(payload, source);
  const family = reader.u8();
  const destinationLength = reader.u8();
  reader.skip(5);
  const type = reader.u8();
  const flags = reader.u32();
  let destination = '';
  let preferredSource = '';
  let priority = 0;
  let mtu = 0;
  let hopLimit = 0;
  let interfaceIndex = 0;
  let gateway = '';
  let multipath: readonly NextHop[] = [];
  for (const { type: attribute, value } of netlinkAttributes(reader)) {
    if (attribute === RTA_DST) destination = addressText(family, value);
    else if (attribute === RTA_PREFSRC) preferredSource = addressText(family, value);
    else if (attribute === RTA_GATEWAY) gateway = addressText(family, value);
    else if (attribute === RTA_VIA) gateway = viaText(value);
    else if (attribute === RTA_OIF) interfaceIndex = number(value);
    else if (attribute === RTA_PRIORITY) priority = number(value);
    else if (attribute === RTA_MULTIPATH) multipath = nextHops(family, value);
    else if (attribute === RTA_METRICS) {
      for (const metric of netlinkAttributes(value)) {
        if (metric.type === RTAX_MTU) mtu = number(metric.value);
        else if (metric.type === RTAX_HOPLIMIT) hopLimit = number(metric.value);
      }
    }
  }
  return {
    family,
    type,
    flags,
    destinationLength,
    destination,
    source: preferredSource,
    priority,
    mtu,
    hopLimit,
    nextHops: multipath.length > 0 ? multipath : [{ interfaceIndex, gateway }],
  };
}

/** The payload of a request for everything: `struct ifinfomsg`, the longest of the fixed parts, all zero. */
export const DUMP_REQUEST: Uint8Array = new Uint8Array(16);

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINKINFO = 18;
const IFLA_STATS64 = 23;
const IFLA_INFO_KIND = 1;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_METRICS = 8;
const RTA_MULTIPATH = 9;
const RTA_VIA = 18;
const RTAX_MTU = 2;
const RTAX_HOPLIMIT = 10;

function linkCounters(value: ByteReader): LinkCounters | undefined {
  if (value.remaining < 10 * 8) return undefined;
  const [rxPackets, txPackets, rxBytes, txBytes, rxErrors, txErrors, rxDropped, txDropped] = Array.from(
    { length: 8 },
    () => value.u64(),
  ) as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  value.skip(8);
  return {
    rxPackets,
    txPackets,
    rxBytes,
    txBytes,
    rxErrors,
    txErrors,
    rxDropped,
    txDropped,
    collisions: value.u64(),
  };
}

/** `struct rtnexthop`: length, flags, hops, interface; then the attributes of this hop. */
function nextHops(family: number, list: ByteReader): NextHop[] {
  const hops: NextHop[] = [];
  while (list.remaining >= 8) {
    const length = list.u16();
    const interfaceIndex = list.skip(2).i32();
    if (!(length >= 8 && length - 8 <= list.remaining)) break;
    let gateway = '';
    for (const { type, value } of netlinkAttributes(list.window(length - 8))) {
      if (type === RTA_GATEWAY) gateway = addressText(family, value);
      else if (type === RTA_VIA) gateway = viaText(value);
    }
    list.skip(Math.min(-length & 3, list.remaining));
    hops.push({ interfaceIndex, gateway });
  }
  return hops;
}

function addressBytes(family: number, value: ByteReader): Uint8Array | undefined {
  const size = family === AF_INET ? 4 : family === AF_INET6 ? 16 : -1;
  return value.remaining === size ? value.bytes(size) : undefined;
}

function addressText(family: number, value: ByteReader): string {
  const bytes = addressBytes(family, value);
  return bytes === undefined ? '' : formatIp(bytes)!;
}

/** `struct rtvia`: a gateway of another family (RFC 5549). */
function viaText(value: ByteReader): string {
  return value.remaining < 2 ? '' : addressText(value.u16(), value);
}

function number(value: ByteReader): number {
  return value.remaining >= 4 ? value.u32() : 0;
}

/** NUL-terminated. */
function text(value: ByteReader): string {
  const bytes = value.bytes(value.remaining);
  const end = bytes.indexOf(0);
  return decodeText(bytes, 0, end < 0 ? bytes.length : end);
}
