import { MalformedInput } from '../base/errors.ts';
import { decodeText } from '../base/text.ts';

/** What happened to a device, as the kernel says it, or udev after it. */
export interface Uevent {
  /** `add`, `remove`, `change`, `move`, `bind`, … */
  readonly action: string;
  /** Its directory, below /sys. */
  readonly devpath: string;
  readonly subsystem: string;
  /** All of them, those above among them; of the kernel as its drivers name them, and of udev what its rules add. */
  readonly properties: ReadonlyMap<string, string>;
}

/** The kernel has 64 properties in 2 KiB (`UEVENT_NUM_ENVP`, `UEVENT_BUFFER_SIZE` of `include/linux/kobject.h`), udev some more. */
const MAX_PROPERTIES = 1024;

/** `struct monitor_netlink_header` of libudev: prefix, magic in network order, its own length, where properties are and end. */
const PREFIX = Buffer.from('libudev\0');
const MAGIC = 0xfeedcafe;
const HEADER = { magic: 8, properties: 16, length: 20, size: 40 };

/**
 * A message of `NETLINK_KOBJECT_UEVENT`, `netlink(7)`: of the kernel, which begins `action@devpath`, or of udev, which begins
 * with a header. Throws `MalformedInput`.
 */
export function parseUevent(bytes: Buffer, source: string): Uevent {
  const isOfUdev = bytes.length >= PREFIX.length && bytes.subarray(0, PREFIX.length).equals(PREFIX);
  const properties = isOfUdev ? propertiesOfUdev(bytes, source) : propertiesOfKernel(bytes, source);
  const [action, devpath, subsystem] = ['ACTION', 'DEVPATH', 'SUBSYSTEM'].map((name) => properties.get(name));
  if (!action || !subsystem || !devpath?.startsWith('/')) {
    throw new MalformedInput(source, 0, 'without an action, a path or a subsystem');
  }
  return { action, devpath, subsystem, properties };
}

function propertiesOfKernel(bytes: Buffer, source: string): Map<string, string> {
  const end = bytes.indexOf(0);
  const at = bytes.indexOf('@');
  if (!(at > 0 && at < end)) throw new MalformedInput(source, 0, 'neither of the kernel nor of udev');
  return propertiesIn(bytes, end + 1, bytes.length, source);
}

function propertiesOfUdev(bytes: Buffer, source: string): Map<string, string> {
  if (bytes.length < HEADER.size || bytes.readUInt32BE(HEADER.magic) !== MAGIC) {
    throw new MalformedInput(source, PREFIX.length, 'a header of udev that we do not know');
  }
  const start = bytes.readUInt32LE(HEADER.properties);
  const end = start + bytes.readUInt32LE(HEADER.length);
  if (start < HEADER.size || end > bytes.length) {
    throw new MalformedInput(source, HEADER.properties, 'properties beyond the message');
  }
  return propertiesIn(bytes, start, end, source);
}

/** `NAME=value`, each ended by a NUL. */
function propertiesIn(bytes: Buffer, start: number, end: number, source: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (let at = start; at < end; ) {
    const next = bytes.indexOf(0, at);
    const equals = bytes.indexOf('=', at);
    if (next < 0 || next >= end) throw new MalformedInput(source, at, 'cut');
    if (!(equals > at && equals < next)) throw new MalformedInput(source, at, 'not a property');
    if (properties.size === MAX_PROPERTIES) throw new MalformedInput(source, at, 'too many properties');
    properties.set(decodeText(bytes, at, equals), decodeText(bytes, equals + 1, next));
    at = next + 1;
  }
  return properties;
}
