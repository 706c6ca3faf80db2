import type { AuditRecord } from '../parse/audit-record.ts';

/** What happened, as all records of one serial number tell it. */
export interface AuditEvent {
  readonly serial: number;
  /** Nanoseconds since the epoch. */
  readonly occurred: bigint;
  readonly records: readonly AuditRecord[];
  /** The call that caused it, if one did that we know: its name, and the fields of its record. */
  readonly call: AuditCall | undefined;
  /** Whether its end was heard: else records of it may be missing. */
  readonly complete: boolean;
}

export interface AuditCall {
  readonly name: string;
  readonly fields: ReadonlyMap<string, string>;
}
