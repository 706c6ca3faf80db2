import { formatIp } from '../base/ip-address.ts';
import { decodeText } from '../base/text.ts';

/** Families of `socket(2)` whose addresses we read. */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;

/** An address of a socket. */
export interface SocketAddress {
  readonly family: number;
  /** An IP address, a path, `@` and a name of the abstract namespace, a number of netlink; '' where there is none. */
  readonly address: string;
  /** 0 for a family that has none. */
  readonly port: number;
}

/** A `struct sockaddr`, as long as a program said it was; undefined where that is too short for its family. */
export function parseSocketAddress(bytes: Buffer): SocketAddress | undefined {
  if (bytes.length < 2) return undefined;
  const family = bytes.readUInt16LE(0);
  if (family === AF_INET) {
    if (bytes.length < 8) return undefined;
    return { family, address: formatIp(bytes.subarray(4, 8))!, port: bytes.readUInt16BE(2) };
  }
  if (family === AF_INET6) {
    if (bytes.length < 24) return undefined;
    return { family, address: formatIp(bytes.subarray(8, 24))!, port: bytes.readUInt16BE(2) };
  }
  if (family === AF_UNIX) return { family, address: unixPath(bytes.subarray(2)), port: 0 };
  if (family === AF_NETLINK && bytes.length >= 8) return { family, address: String(bytes.readUInt32LE(4)), port: 0 };
  return { family, address: '', port: 0 };
}

/** `unix(7)`: a path may have a NUL at its end; a name of the abstract namespace begins with one and may have more. */
function unixPath(bytes: Buffer): string {
  if (bytes.length === 0) return '';
  if (bytes[0] === 0) {
    const end = bytes.length;
    return bytes.every((byte) => byte === 0) ? '' : `@${decodeText(bytes, 1, end).replaceAll('\0', '@')}`;
  }
  const end = bytes.indexOf(0);
  return decodeText(bytes, 0, end < 0 ? bytes.length : end);
}
