import type { FileStat } from '../host/host.ts';
import type { YaraMatch } from './yara-match.ts';

export type FileAction =
  | 'ACCESSED'
  | 'ATTRIBUTES_MODIFIED'
  | 'CREATED'
  | 'DELETED'
  | 'MOVED_FROM'
  | 'MOVED_TO'
  | 'OPENED'
  | 'UPDATED';

/** What happened to a file that is watched. */
export interface FileEvent {
  /** Nanoseconds since the epoch. */
  readonly occurred: bigint;
  readonly path: string;
  readonly category: string;
  readonly action: FileAction;
  /** The same for both halves of a move; else 0. */
  readonly transaction: number;
  /** Who did it, where it is known. */
  readonly pid: number | undefined;
  /** The file soon after, if it is there; a link is followed. */
  readonly stat: FileStat | undefined;
  /** Of its content then; undefined where that was not wanted, or could not be read. */
  readonly digests: { readonly md5: string; readonly sha1: string; readonly sha256: string } | undefined;
  /** Whether digests were wanted. */
  readonly isHashed: boolean;
  /** Rules that its content matches, where the event is told again because some do. */
  readonly matches?: readonly YaraMatch[];
}
