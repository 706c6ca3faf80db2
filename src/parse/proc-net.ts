/** Tables of `/proc/net` that are lines of text, `proc_pid_net(5)`. */

export interface Neighbour {
  readonly address: string;
  readonly mac: string;
  readonly interface: string;
  /** ATF_*, `include/uapi/linux/if_arp.h`: 2 complete, 4 permanent, 8 published. */
  readonly flags: number;
}

/** `/proc/net/arp`: a heading, then address, hardware type, flags, hardware address, mask, device. */
export function* parseArp(content: string): Generator<Neighbour> {
  for (const line of content.split('\n').slice(1)) {
    const [address, , flags, mac, , device, ...rest] = line.trim().split(/[ \t]+/);
    if (address === undefined || mac === undefined || device === undefined || rest.length > 0) continue;
    yield { address, mac, interface: device, flags: Number(flags) || 0 };
  }
}

/** `/proc/net/dev`: the names of the interfaces, after two lines of headings. */
export function* parseInterfaceNames(content: string): Generator<string> {
  for (const line of content.split('\n').slice(2)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    if (colon > 0 && name !== '') yield name;
  }
}
