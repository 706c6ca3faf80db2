import type { ByteReader } from './byte-reader.ts';

/** Type of a nested or big-endian attribute without its flags (NLA_TYPE_MASK, `include/uapi/linux/netlink.h`). */
const TYPE_MASK = 0x3fff;
const HEADER = 4;
const ALIGNMENT = 4;

/**
 * Netlink attributes (`struct nlattr`): type and a reader of the value. Numbers are in the machine's byte order, read as
 * little endian here (x86-64, arm64). A length that does not fit ends the walk: what came before it still counts.
 */
export function* netlinkAttributes(
  reader: ByteReader,
): Generator<{ readonly type: number; readonly value: ByteReader }> {
  while (reader.remaining >= HEADER) {
    const length = reader.u16();
    const type = reader.u16() & TYPE_MASK;
    if (!(length >= HEADER && length - HEADER <= reader.remaining)) return;
    const value = reader.window(length - HEADER);
    reader.skip(Math.min(-length & (ALIGNMENT - 1), reader.remaining));
    yield { type, value };
  }
}
