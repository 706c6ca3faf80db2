import { MalformedInput } from '../base/errors.ts';
import { decodeText } from '../base/text.ts';

/** `struct inotify_event` without the name. */
const HEADER = 16;

/** What happened to a file, `inotify(7)`; `fanotify(7)` has the same bits for the same things. */
export const FILE_EVENTS = {
  accessed: 0x1,
  modified: 0x2,
  attributes: 0x4,
  closedWritten: 0x8,
  opened: 0x20,
  movedFrom: 0x40,
  movedTo: 0x80,
  created: 0x100,
  deleted: 0x200,
  overflow: 0x4000,
  directory: 0x40000000,
} as const;

/** The watch is gone. */
export const IGNORED = 0x8000;

export interface InotifyEvent {
  /** -1 for an overflow. */
  readonly watch: number;
  readonly mask: number;
  /** The same for both halves of a move; else 0. */
  readonly cookie: number;
  /** In the directory that is watched; '' for itself. */
  readonly name: string;
}

/** What `read(2)` gave of inotify. Throws `MalformedInput`. */
export function parseInotify(bytes: Buffer): InotifyEvent[] {
  const events: InotifyEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + HEADER > bytes.length ? -1 : bytes.readUInt32LE(at + 12);
    const end = at + HEADER + length;
    if (length < 0 || end > bytes.length) throw new MalformedInput('inotify', at, 'an event is cut');
    const nul = bytes.indexOf(0, at + HEADER);
    events.push({
      watch: bytes.readInt32LE(at),
      mask: bytes.readUInt32LE(at + 4),
      cookie: bytes.readUInt32LE(at + 8),
      name: decodeText(bytes, at + HEADER, nul < 0 || nul > end ? end : nul),
    });
    at = end;
  }
  return events;
}
