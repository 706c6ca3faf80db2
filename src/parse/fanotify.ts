import { MalformedInput } from '../base/errors.ts';
import { decodeText } from '../base/text.ts';

/** `struct fanotify_event_metadata`, `include/uapi/linux/fanotify.h`. */
const HEADER = 24;
const VERSION = 3;
/** `struct fanotify_event_info_fid`: kind, length, and the file system before the handle. */
const INFO_HEADER = 4;
const FSID = 8;
const HANDLE_HEADER = 8;

/** Kinds of what follows an event: the file itself; a directory and a name in it, and those before and after a rename. */
const ITSELF = 1;
const NAMED = 2;
const OLD = 10;
const NEW = 12;

/** Both names at once. */
export const RENAMED = 0x10000000;

/** A directory as the file system knows it, and a name in it. */
export interface NamedHandle {
  /** The file system, then its `struct file_handle`: bytes as `latin1`, to be compared. */
  readonly directory: string;
  readonly name: string;
}

export interface FanotifyEvent {
  readonly mask: number;
  readonly pid: number;
  /** None for an overflow. */
  readonly at?: NamedHandle;
  /** What it was called before it was renamed. */
  readonly from?: NamedHandle;
  /** The file itself, as a directory is known. */
  readonly itself?: string;
}

/** What `read(2)` gave of fanotify with names. Throws `MalformedInput`. */
export function parseFanotify(bytes: Buffer): FanotifyEvent[] {
  const events: FanotifyEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + HEADER > bytes.length ? 0 : bytes.readUInt32LE(at);
    if (length < HEADER || at + length > bytes.length) throw new MalformedInput('fanotify', at, 'an event is cut');
    if (bytes[at + 4] !== VERSION) throw new MalformedInput('fanotify', at + 4, `version ${bytes[at + 4]}`);
    const event = { mask: bytes.readUInt32LE(at + 8), pid: bytes.readInt32LE(at + 20) };
    events.push({ ...event, ...handles(bytes, at + bytes.readUInt16LE(at + 6), at + length) });
    at += length;
  }
  return events;
}

interface Handles {
  at?: NamedHandle;
  from?: NamedHandle;
  itself?: string;
}

function handles(bytes: Buffer, start: number, end: number): Handles {
  const found: Handles = {};
  for (let at = start; at + INFO_HEADER <= end; ) {
    const kind = bytes[at]!;
    const length = bytes.readUInt16LE(at + 2);
    if (length < INFO_HEADER || at + length > end) throw new MalformedInput('fanotify', at, 'a handle is cut');
    if (kind === NAMED || kind === NEW) found.at = handle(bytes, at + INFO_HEADER, at + length);
    else if (kind === ITSELF) found.itself = bytes.latin1Slice(at + INFO_HEADER, at + length);
    else if (kind === OLD) found.from = handle(bytes, at + INFO_HEADER, at + length);
    at += length;
  }
  return found;
}

function handle(bytes: Buffer, start: number, end: number): NamedHandle {
  const name =
    start + FSID + HANDLE_HEADER <= end ? start + FSID + HANDLE_HEADER + bytes.readUInt32LE(start + FSID) : end;
  if (name >= end) throw new MalformedInput('fanotify', start, 'a name is cut');
  const nul = bytes.indexOf(0, name);
  return {
    directory: bytes.latin1Slice(start, name),
    name: decodeText(bytes, name, nul < 0 || nul > end ? end : nul),
  };
}
