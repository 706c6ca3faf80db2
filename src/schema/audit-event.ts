import type { AuditRecord } from '../parse/audit-record.ts';
import type { SocketAddress } from '../parse/sockaddr.ts';

/** What happened, as all records of one serial number tell it. */
export interface AuditEvent {
  readonly serial: number;
  /** Nanoseconds since the epoch. */
  readonly occurred: bigint;
  readonly records: readonly AuditRecord[];
  /** The call that caused it, if one did that we know: its name, and its record. */
  readonly call: AuditCall | undefined;
  /** Whether its end was heard: else records of it may be missing. */
  readonly complete: boolean;
  /** What was done to a socket, if that is wanted. */
  readonly socket?: SocketCall | undefined;
  /** What was done to a file, if that is wanted. */
  readonly file?: FileCall | undefined;
}

export interface AuditCall {
  readonly name: string;
  readonly record: AuditRecord;
}

export interface SocketCall {
  readonly action: 'accept' | 'bind' | 'connect' | 'listen';
  /** `in_progress`: the connection is made later; `no_client`: there was none to be accepted. */
  readonly status: 'failed' | 'in_progress' | 'no_client' | 'succeeded';
  /** As far as the kernel tells it: not that of `listen`, nor of a client whose address the program did not ask for. */
  readonly address: SocketAddress | undefined;
}

export interface FileCall {
  /** `open`, `create`, `open+truncate`, `read`, `write`, `close`, `rename`, `unlink`, … */
  readonly operation: string;
  readonly path: string;
  /** The new name of what is renamed or linked; else empty. */
  readonly destination: string;
  /** Current directory of the process; empty where the records do not tell it. */
  readonly cwd: string;
  /** Whether the path was not in the records, or not all of them came. */
  readonly partial: boolean;
}
