import { formatIp, parseIp, parseIpv4 } from '../base/ip-address.ts';

/** What the C library's resolver makes of `resolv.conf(5)`. */
export interface ResolverConfiguration {
  /** Addresses in order, IPv6 ones with their zone if they have one. At most three are asked. */
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly sortlist: readonly { readonly address: string; readonly prefixLength: number }[];
  /** RES_* bits of `_res.options`. */
  readonly options: number;
}

/** `MAXNS` of `resolv.h`: further name servers are never asked. */
const NAMESERVERS = 3;
/** `MAXRESOLVSORT` of `resolv.h`. */
const SORTLIST = 10;

/** RES_INIT, RES_RECURSE, RES_DEFNAMES and RES_DNSRCH: set by every initialisation. */
const DEFAULT_OPTIONS = 0x1 | 0x40 | 0x80 | 0x200;

/**
 * `options` words that set a bit (`resolv.h`, glibc 2.41). A word needs only to begin with one, and the first that fits
 * counts; `debug` sets nothing since glibc was built without it.
 */
const OPTION_BITS: readonly (readonly [word: string, bit: number])[] = [
  ['use-vc', 0x00000008],
  ['rotate', 0x00004000],
  ['edns0', 0x00100000],
  ['single-request-reopen', 0x00400000],
  ['single-request', 0x00200000],
  ['no_tld_query', 0x01000000],
  ['no-tld-query', 0x01000000],
  ['no-reload', 0x02000000],
  ['trust-ad', 0x04000000],
  ['no-aaaa', 0x08000000],
  ['strict-error', 0x10000000],
];

/**
 * `hostname` gives the search domain where the file names none. Without a name server the one on this machine is asked.
 */
export function parseResolvConf(content: string, hostname = ''): ResolverConfiguration {
  const nameservers: string[] = [];
  const sortlist: { address: string; prefixLength: number }[] = [];
  let search: readonly string[] | undefined;
  let options = DEFAULT_OPTIONS;
  for (const line of content.split('\n')) {
    // Comments begin only at the start of a line; a keyword too.
    if (line.startsWith('#') || line.startsWith(';')) continue;
    const [keyword, ...words] = line.trimEnd().split(/[ \t]+/);
    if (keyword === 'nameserver') {
      const address = nameserver(words[0] ?? '');
      if (address !== undefined && nameservers.length < NAMESERVERS) nameservers.push(address);
    } else if (keyword === 'search') search = words;
    else if (keyword === 'domain') search = words.slice(0, 1);
    else if (keyword === 'sortlist') {
      for (const word of words) {
        const entry = sortEntry(word);
        if (entry !== undefined && sortlist.length < SORTLIST) sortlist.push(entry);
      }
    } else if (keyword === 'options') for (const word of words) options |= bitOf(word);
  }
  const dot = hostname.indexOf('.');
  return {
    nameservers: nameservers.length > 0 ? nameservers : ['127.0.0.1'],
    search: search ?? (dot < 0 ? [] : [hostname.slice(dot + 1)]),
    sortlist,
    options,
  };
}

function bitOf(word: string): number {
  return OPTION_BITS.find(([start]) => word.startsWith(start))?.[1] ?? 0;
}

/** In canonical form, so that one server has one spelling. */
function nameserver(text: string): string | undefined {
  const zoneAt = text.indexOf('%');
  const bytes = looseIpv4(text) ?? parseIp(zoneAt < 0 ? text : text.slice(0, zoneAt));
  if (bytes === undefined) return undefined;
  return formatIp(bytes)! + (zoneAt < 0 ? '' : text.slice(zoneAt));
}

/** `inet_aton(3)`: one to four numbers, also octal and hex ones; the last fills the bytes that are left. `127.1` is 127.0.0.1. */
function looseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.', 5);
  if (parts.length > 4 || !parts.every((part) => /^(0[xX][0-9a-fA-F]{1,8}|0[0-7]{0,11}|[1-9][0-9]{0,9})$/.test(part))) {
    return undefined;
  }
  const numbers = parts.map((part) => (/^0[0-7]/.test(part) ? Number.parseInt(part, 8) : Number(part)));
  const last = numbers.pop()!;
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) return undefined;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(last);
  for (const [i, number] of numbers.entries()) bytes[i] = number;
  return bytes;
}

/** `address` or `address/mask`; without a mask that of its class counts. */
function sortEntry(text: string): { address: string; prefixLength: number } | undefined {
  const [addressText, maskText] = text.split(/[/&]/, 2);
  const address = parseIpv4(addressText!);
  if (address === undefined) return undefined;
  const mask = maskText === undefined ? undefined : parseIpv4(maskText);
  const prefixLength = mask === undefined ? classLength(address[0]!) : leadingOnes(mask);
  return { address: formatIp(address)!, prefixLength };
}

function classLength(first: number): number {
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}

function leadingOnes(mask: Uint8Array): number {
  let ones = 0;
  for (const byte of mask) {
    const inByte = Math.clz32(~byte << 24);
    ones += Math.min(inByte, 8);
    if (inByte < 8) break;
  }
  return ones;
}
