import { ByteReader } from '../base/byte-reader.ts';
import { MalformedInput } from '../base/errors.ts';
import { netlinkAttributes } from '../base/netlink.ts';
import { decodeText } from '../base/text.ts';

/** What a dump over NETLINK_SOCK_DIAG says of a Unix socket, `sock_diag(7)`, `include/uapi/linux/unix_diag.h`. */
export interface UnixDiag {
  readonly inode: number;
  /** Path, or `@` and an abstract name, whose NULs are written as `@`, too, as `/proc/net/unix` has them; '' without. */
  readonly path: string;
}

const AF_UNIX = 1;
const UDIAG_SHOW_NAME = 1;
const UNIX_DIAG_NAME = 0;

/** `SOCK_DIAG_BY_FAMILY`: the type of the request. */
export const SOCK_DIAG_BY_FAMILY = 20;

/** `struct unix_diag_req`: family, protocol, padding, states (all), inode, what to show, cookie. */
export function unixDiagRequest(): Buffer {
  const request = Buffer.alloc(24);
  request[0] = AF_UNIX;
  request.writeUInt32LE(0xffffffff, 4);
  request.writeUInt32LE(UDIAG_SHOW_NAME, 12);
  return request;
}

/** A message of the answer; undefined for another family and for what is malformed. */
export function parseUnixDiag(payload: Buffer): UnixDiag | undefined {
  try {
    // `struct unix_diag_msg`: family, type, state, padding, inode, cookie.
    const reader = new ByteReader(payload, 'unix_diag');
    if (reader.u8() !== AF_UNIX) return undefined;
    const inode = reader.skip(3).u32();
    reader.skip(8);
    let path = '';
    for (const { type, value } of netlinkAttributes(reader)) {
      if (type === UNIX_DIAG_NAME) path = nameOf(value.bytes(value.remaining));
    }
    return { inode, path };
  } catch (cause) {
    if (cause instanceof MalformedInput) return undefined;
    throw cause;
  }
}

/** A path ends at its NUL; an abstract name begins with one, and all its bytes count. */
function nameOf(bytes: Buffer): string {
  if (bytes[0] === 0) return decodeText(bytes.map((byte) => byte || 0x40) as Buffer);
  const nul = bytes.indexOf(0);
  return decodeText(bytes, 0, nul < 0 ? bytes.length : nul);
}
