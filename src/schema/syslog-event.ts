import type { SyslogLine } from '../parse/syslog-line.ts';

/** A message of syslog. */
export interface SyslogEvent {
  /** Nanoseconds since the epoch when it was heard. */
  readonly occurred: bigint;
  readonly line: SyslogLine;
}
