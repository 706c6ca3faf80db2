import type { AuditRecord } from '../parse/audit-record.ts';

/** What happened, as all records of one serial number tell it. */
export interface AuditEvent {
  readonly serial: number;
  /** Nanoseconds since the epoch. */
  readonly occurred: bigint;
  readonly records: readonly AuditRecord[];
  /** Whether its end was heard: else records of it may be missing. */
  readonly complete: boolean;
}
