import { parseIp, parseIpv4, prefixMask } from '../../base/ip-address.ts';
import { onTexts } from './coerce.ts';
import type { SqlFunction, SqlValue } from './function.ts';
import { digest } from './hashes.ts';

export interface NetworkOptions {
  /** Gets what is wrong with the arguments of a `community_id_v1` that answers NULL. */
  readonly warn?: ((message: string) => void) | undefined;
}

export function networkFunctions({ warn }: NetworkOptions): readonly SqlFunction[] {
  const communityId = {
    arity: { min: 5, max: 6 },
    accepts: 'value',
  } as const;
  return [
    onTexts({
      name: 'inet_aton',
      arity: 1,
      description: 'An IPv4 address as a number; NULL for any other text',
      example: "inet_aton('192.0.2.1')",
      call(text: string) {
        const address = parseIpv4(text);
        return address === undefined ? null : Buffer.from(address).readUInt32BE();
      },
    }),
    {
      name: 'in_cidr_block',
      arity: 2,
      accepts: 'value',
      description:
        'Whether a block (address/prefix length) has the address in it; 0 where one is IPv4 and the other IPv6. A zone ' +
        '(`%eth0`) is passed over. NULL for what is no address, NULL and a warning for what is no block',
      example: "in_cidr_block('198.51.100.0/24', '198.51.100.7')",
      call(block: SqlValue, text: SqlValue) {
        const found = parseBlock(block);
        if (found === undefined && block !== null && block !== '') {
          warn?.(`in_cidr_block: ${typeof block === 'string' ? block.slice(0, MAX_SHOWN) : typeof block} is no block`);
        }
        const address = typeof text === 'string' ? parseIp(withoutZone(text)) : undefined;
        return found === undefined || address === undefined ? null : isWithin(found, address);
      },
    },
    {
      ...communityId,
      name: 'community_id_v1',
      description:
        'Community ID of a flow, by which Zeek and Suricata know it too: source and destination address, source and ' +
        'destination port, protocol number, seed (0 if left out). NULL and a warning for arguments that make no flow',
      example: "community_id_v1('192.0.2.1', '198.51.100.7', 49152, 443, 6)",
      call(...args: SqlValue[]) {
        try {
          return communityIdV1(args);
        } catch (error) {
          warn?.((error as Error).message);
          return null;
        }
      },
    },
    {
      ...communityId,
      name: 'community_id_v1_strict',
      description: 'As `community_id_v1`, but the query fails for arguments that make no flow',
      example: "community_id_v1_strict('192.0.2.1', '198.51.100.7', 49152, 443, 6)",
      call: (...args: SqlValue[]) => communityIdV1(args),
    },
  ];
}

/** Characters of a text that a warning shows. */
const MAX_SHOWN = 60;

interface Block {
  readonly network: Uint8Array;
  readonly length: number;
}

function parseBlock(block: SqlValue): Block | undefined {
  const [, address = '', digits = ''] = typeof block === 'string' ? (/^([^/]*)\/([0-9]{1,3})$/.exec(block) ?? []) : [];
  const network = parseIp(withoutZone(address));
  const length = Number(digits);
  return network === undefined || length > network.length * 8 ? undefined : { network, length };
}

function isWithin({ network, length }: Block, address: Uint8Array): boolean {
  if (network.length !== address.length) return false;
  const mask = prefixMask(length, network.length === 4 ? 4 : 16);
  return mask.every((bits, i) => ((network[i]! ^ address[i]!) & bits) === 0);
}

/** Our own tables write link-local addresses with their interface: `fe80::1%eth0`. */
function withoutZone(address: string): string {
  const zone = address.includes(':') ? address.indexOf('%') : -1;
  return zone < 0 ? address : address.slice(0, zone);
}

/** https://github.com/corelight/community-id-spec, version 1. Ports are taken as they are for every protocol. */
function communityIdV1(args: readonly SqlValue[]): string {
  const [source, destination, sourcePort, destinationPort, protocol, seed = 0] = args;
  const need = (ok: boolean, otherwise: string) => {
    if (!ok) throw new Error(`Community ID ${otherwise}`);
  };
  need(isInteger(seed), 'seed must be an integer');
  // 16 bits of either sign: the specification has them unsigned, osquery signed.
  need(within(seed, -0x8000, 0xffff), 'seed must fit in 2 bytes');
  need(typeof source === 'string' && typeof destination === 'string', 'IPs must be strings');
  const from = parseIp(withoutZone(source as string));
  const to = parseIp(withoutZone(destination as string));
  if (from === undefined) throw new Error('Community ID saddr cannot be parsed as IP');
  if (to === undefined) throw new Error('Community ID daddr cannot be parsed as IP');
  need(isInteger(sourcePort) && isInteger(destinationPort), 'ports must be integers');
  need(within(sourcePort, 0, 0xffff) && within(destinationPort, 0, 0xffff), 'ports must fit in 2 bytes');
  need(isInteger(protocol), 'protocol must be an integer');
  need(within(protocol, 0, 0xff), 'protocol must fit in 1 byte');

  // Both directions of a flow have one id: the smaller end comes first.
  const ends = [
    { address: from, port: Number(sourcePort) },
    { address: to, port: Number(destinationPort) },
  ].sort((a, b) => a.address.length - b.address.length || Buffer.compare(a.address, b.address) || a.port - b.port) as [
    End,
    End,
  ];
  const bytes = Buffer.concat([
    bigEndian16(Number(seed)),
    ends[0].address,
    ends[1].address,
    Uint8Array.of(Number(protocol), 0),
    bigEndian16(ends[0].port),
    bigEndian16(ends[1].port),
  ]);
  return `1:${digest('sha1', bytes, 'base64')}`;
}

interface End {
  readonly address: Uint8Array;
  readonly port: number;
}

function isInteger(value: SqlValue | undefined): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

function within(value: SqlValue | undefined, min: number, max: number): boolean {
  return Number(value) >= min && Number(value) <= max;
}

function bigEndian16(value: number): Uint8Array {
  return Uint8Array.of((value >> 8) & 0xff, value & 0xff);
}
