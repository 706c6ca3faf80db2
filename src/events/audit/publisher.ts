import { auditArchitecture, callNumber } from '../../base/audit-syscalls.ts';
import { MalformedInput } from '../../base/errors.ts';
import { parseAuditRecord } from '../../parse/audit-record.ts';
import type { AuditEvent } from '../../schema/audit-event.ts';
import type { Publisher, PublisherCounts } from '../publisher.ts';
import { AuditAssembler } from './assemble.ts';
import { isSocketCall, type SocketOptions, socketCall } from './sockets.ts';

/** The kernel's audit, or a recording of it. */
export interface AuditSource {
  readonly fd: number;
  status(): AuditState;
  set(settings: Readonly<Record<string, number>>): void;
  addRule(architecture: number, calls: readonly number[]): void;
  deleteRule(architecture: number, calls: readonly number[]): void;
  receive(): { readonly type: number; readonly text: string } | 'overrun' | undefined;
  [Symbol.dispose](): void;
}

export interface AuditState {
  readonly enabled: number;
  readonly pid: number;
  readonly backlogLimit: number;
  /** Records that the kernel had no room for, since the boot. */
  readonly lost: number;
  readonly waitTime: number;
}

/** What is audited, and how. */
export interface AuditOptions {
  /** Names of the system calls. */
  readonly calls: readonly string[];
  /** Which events of sockets tables want. */
  readonly sockets: SocketOptions;
  /** Whether rules and settings may be changed; else what others have set is heard. */
  readonly allowConfig: boolean;
  readonly backlogLimit: number;
  /** Milliseconds that a call waits where the backlog is full. */
  readonly backlogWait: number;
  /** Whether audit was enabled before one of us, that was killed, enabled it; undefined where none was. */
  readonly enabledBefore?: number | undefined;
}

/** Records of one `read`: the others have their turn, and what was heard is stored. */
const RECORDS_A_READ = 4096;
/** `AUDIT_FAIL_SILENT`: what is lost is counted, no more. */
const SILENT = 0;

/** Hears audit: as its daemon where there is none, else reading along with the one that there is. */
export class AuditPublisher implements Publisher {
  readonly name = 'auditeventpublisher';
  /** Whether another program is the audit daemon. */
  readonly readsAlong: boolean;
  readonly #source: AuditSource;
  readonly #before: AuditState;
  readonly #options: AuditOptions;
  readonly #assembler: AuditAssembler;
  readonly #now: () => number;
  readonly #architecture: number;
  readonly #calls: readonly number[];
  #overruns = 0;
  #malformed = 0;

  /**
   * `open` opens audit; as a daemon, or to read along. `now`: milliseconds of a clock that never goes back. Throws
   * `HostError` where the kernel does not let us.
   */
  constructor(
    open: (readAlong: boolean) => AuditSource,
    options: AuditOptions,
    pid: number,
    arch: string,
    emit: (event: AuditEvent) => void,
    now: () => number,
  ) {
    this.#options = options;
    this.#now = now;
    const calls = new Set<string>(options.calls);
    this.#assembler = new AuditAssembler((event) => {
      // Rules of others bring calls that no table asked for.
      if (event.call !== undefined && !calls.has(event.call.name)) return;
      if (!isSocketCall(event)) return emit(event);
      const socket = socketCall(event, options.sockets);
      if (socket !== undefined) emit({ ...event, socket });
    });
    this.#architecture = auditArchitecture(arch) ?? 0;
    this.#calls = options.calls.flatMap((name) => callNumber(name, arch) ?? []);
    let source = open(false);
    try {
      this.#before = source.status();
      this.readsAlong = this.#before.pid !== 0 && this.#before.pid !== pid;
      if (options.allowConfig) this.#configure(source, pid);
    } catch (cause) {
      source[Symbol.dispose]();
      throw cause;
    }
    if (this.readsAlong) {
      source[Symbol.dispose]();
      source = open(true);
    }
    this.#source = source;
  }

  get fds(): readonly number[] {
    return [this.#source.fd];
  }

  /** Whether audit was enabled before we came, which `stop` restores. */
  get enabledBefore(): number {
    return this.#options.enabledBefore ?? this.#before.enabled;
  }

  get counts(): PublisherCounts {
    const { events, incomplete, dropped } = this.#assembler.counts;
    return {
      events,
      dropped: { overrun: this.#overruns, malformed: this.#malformed, incomplete, oversized: dropped },
    };
  }

  read(): boolean {
    const now = this.#now();
    for (let i = 0; i < RECORDS_A_READ; i++) {
      const message = this.#source.receive();
      if (message === undefined) return false;
      if (message === 'overrun') this.#overruns += 1;
      else if (message.type >= FIRST_RECORD) this.#add(message.type, message.text, now);
    }
    return true;
  }

  tick(): void {
    this.#assembler.tick(this.#now());
  }

  stop(): void {
    const { allowConfig } = this.#options;
    try {
      if (!allowConfig) return;
      this.#source.deleteRule(this.#architecture, this.#calls);
      if (!this.readsAlong) this.#source.set({ enabled: this.enabledBefore, pid: 0 });
    } finally {
      this.#source[Symbol.dispose]();
    }
  }

  #configure(source: AuditSource, pid: number): void {
    const { backlogLimit, backlogWait } = this.#options;
    if (!this.readsAlong) {
      source.set({ failure: SILENT, backlogLimit, waitTime: backlogWait });
      source.set({ pid });
    }
    if (this.#calls.length > 0) source.addRule(this.#architecture, this.#calls);
    if (this.#before.enabled === 0) source.set({ enabled: 1 });
  }

  #add(type: number, text: string, now: number): void {
    try {
      this.#assembler.add(parseAuditRecord(type, text, 'audit'), now);
    } catch (cause) {
      if (!(cause instanceof MalformedInput)) throw cause;
      this.#malformed += 1;
    }
  }
}

/** Below are messages about the connection itself. */
const FIRST_RECORD = 1100;
