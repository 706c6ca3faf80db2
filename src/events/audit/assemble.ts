import { callName } from '../../base/audit-syscalls.ts';
import { type AuditRecord, auditNumber } from '../../parse/audit-record.ts';
import type { AuditCall, AuditEvent } from '../../schema/audit-event.ts';

/** `AUDIT_SYSCALL`. */
const SYSCALL = 1300;
/** `AUDIT_EOE`: no more records come of this event. */
const END = 1320;
/** `AUDIT_CONFIG_CHANGE`, `AUDIT_TTY`, `AUDIT_SECCOMP`: alone among those of calls. */
const [CONFIG_CHANGE, TTY, SECCOMP] = [1305, 1319, 1326];
/** `AUDIT_KERNEL`. */
const KERNEL = 2000;
/**
 * What is told in one record: by programs and daemons, of the configuration, of seccomp (before the call begins), of
 * anomalies (the 1700s), by programs again (`AUDIT_FIRST_USER_MSG2` and what follows), and by SELinux and AppArmor, whose
 * record may be of an event, but says all that they know.
 */
function isSingle(type: number): boolean {
  if (type >= 1300 && type < 1400) return type === CONFIG_CHANGE || type === TTY || type === SECCOMP;
  return (type >= 1100 && type < 1500) || (type >= 1700 && type < 1800) || type === KERNEL || type >= 2100;
}

/** Events that are under way at once: the kernel ends each before the system call returns, so these are many processors. */
const MAX_PENDING = 1024;
/** Records of one event: 300 of arguments are 2 MB of them. */
const MAX_RECORDS = 400;
/** Milliseconds after which an event that was not ended is taken as it is: its end was lost. */
const PATIENCE_MS = 2000;

interface Pending {
  readonly serial: number;
  readonly records: AuditRecord[];
  readonly since: number;
}

/** Counts of what came and went. */
export interface AssemblyCounts {
  readonly events: number;
  /** Without their end, which somebody was there to hear. */
  readonly incomplete: number;
  /** Records of events that had too many. */
  readonly dropped: number;
}

/** Puts records together again, whose events are mixed with each other. It knows nothing but records and the time. */
export class AuditAssembler {
  readonly #emit: (event: AuditEvent) => void;
  readonly #since: bigint;
  /** When the first record was heard. */
  #begun: number | undefined;
  /** In the order in which they began. */
  readonly #pending: Pending[] = [];
  #events = 0;
  #incomplete = 0;
  #dropped = 0;

  /**
   * `since`: nanoseconds since the epoch when somebody began to listen. Of what was before, the kernel keeps the first records,
   * which it sends at once, and the last event of them may be cut.
   */
  constructor(emit: (event: AuditEvent) => void, since = 0n) {
    this.#emit = emit;
    this.#since = since;
  }

  get counts(): AssemblyCounts {
    return { events: this.#events, incomplete: this.#incomplete, dropped: this.#dropped };
  }

  /** `now`: milliseconds of a clock that never goes back. */
  add(record: AuditRecord, now: number): void {
    this.#begun ??= now;
    if (isSingle(record.type)) {
      this.#take([record], true);
      return;
    }
    const at = this.#find(record.serial);
    const pending = this.#pending[at];
    if (record.type === END) {
      // The end of an event whose other records nobody wanted, or that was given up.
      if (pending !== undefined) this.#finish(at, true);
    } else if (pending === undefined) {
      if (this.#pending.length >= MAX_PENDING) this.#giveUp(0);
      this.#pending.push({ serial: record.serial, records: [record], since: now });
    } else if (pending.records.length < MAX_RECORDS) pending.records.push(record);
    else this.#dropped += 1;
  }

  /** Takes what has waited too long for its end. Call it now and then. */
  tick(now: number): void {
    while (this.#pending.length > 0 && now - this.#pending[0]!.since >= PATIENCE_MS) this.#giveUp(0);
  }

  /** Mostly there are two, one a processor, and the younger one is meant. */
  #find(serial: number): number {
    let at = this.#pending.length - 1;
    while (at >= 0 && this.#pending[at]!.serial !== serial) at -= 1;
    return at;
  }

  #giveUp(at: number): void {
    const { records, since } = this.#pending[at]!;
    const isAtOnce = since - this.#begun! < PATIENCE_MS;
    if (!isAtOnce || records[0]!.occurred >= this.#since) this.#incomplete += 1;
    this.#finish(at, false);
  }

  #finish(at: number, complete: boolean): void {
    const [{ records }] = this.#pending.splice(at, 1) as [Pending];
    this.#take(records, complete);
  }

  #take(records: readonly AuditRecord[], complete: boolean): void {
    const [{ serial, occurred }] = records as [AuditRecord];
    this.#events += 1;
    this.#emit({ serial, occurred, records, call: callOf(records), complete });
  }
}

function callOf(records: readonly AuditRecord[]): AuditCall | undefined {
  const record = records.find(({ type }) => type === SYSCALL);
  if (record === undefined) return undefined;
  const name = callName(record.field('arch') ?? '', auditNumber(record.field('syscall')) ?? -1);
  return name === undefined ? undefined : { name, record };
}
