import { HostError, MalformedInput } from '../../base/errors.ts';
import type { AuditRule, ListedRule } from '../../host/linux/audit-rule.ts';
import { parseAuditRecord } from '../../parse/audit-record.ts';
import type { AuditCall, AuditEvent } from '../../schema/audit-event.ts';
import type { Publisher, PublisherCounts } from '../publisher.ts';
import { AuditAssembler } from './assemble.ts';
import type { FileTracker } from './file-tracker.ts';
import { type Audited, auditRules, keyFor, ownerOf } from './rules.ts';
import { isSocketCall, type SocketOptions, socketCall } from './sockets.ts';

/** The kernel's audit, or a recording of it. */
export interface AuditSource {
  readonly fd: number;
  status(): AuditState;
  set(settings: Readonly<Record<string, number>>): void;
  addRule(rule: AuditRule): void;
  rules(): readonly ListedRule[];
  removeRule(rule: ListedRule): void;
  /** A message is good until the next one. */
  receive(): AuditMessage | 'overrun' | undefined;
  [Symbol.dispose](): void;
}

export interface AuditMessage {
  readonly type: number;
  /** Made when it is asked for. */
  readonly text: string;
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
export interface AuditOptions extends Audited {
  /** Which events of sockets tables want. */
  readonly sockets: SocketOptions;
  /** Whether rules and settings may be changed; else what others have set is heard. */
  readonly allowConfig: boolean;
  /** Whether rules of others are removed first. */
  readonly clearRules: boolean;
  /** Whether those of all are removed at the end. */
  readonly clearsAtEnd: boolean;
  /** Whether what others take or remove is taken back and set again. */
  readonly persist: boolean;
  readonly backlogLimit: number;
  /** Milliseconds that a call waits where the backlog is full. */
  readonly backlogWait: number;
  /** Whether audit was enabled before one of us, that was killed, enabled it; undefined where none was. */
  readonly enabledBefore?: number | undefined;
}

export interface AuditParts {
  /** Opens audit; as a daemon, or to read along. */
  readonly open: (readAlong: boolean) => AuditSource;
  readonly options: AuditOptions;
  /** Follows files, where that is wanted. */
  readonly files?: FileTracker | undefined;
  /** Of this process. */
  readonly pid: number;
  readonly arch: string;
  isRunning(pid: number): boolean;
  emit(event: AuditEvent): void;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Nanoseconds since the epoch, of now. */
  readonly startedAt: bigint;
  say(severity: 'INFO' | 'WARNING', message: string): void;
  /** Is told every record. */
  readonly debug?: ((text: string) => void) | undefined;
}

/** Milliseconds: of 5,000 programs a second 1,800 records, of which there is room for twice as many. */
const PATIENCE_MS = 50;
/** Records of one `read`: the others have their turn, and what was heard is stored. */
const RECORDS_A_READ = 4096;
/** `AUDIT_FAIL_SILENT`: what is lost is counted, no more. */
const SILENT = 0;
/** `AUDIT_ENABLED` is 1, 2 is enabled until the next boot, with rules that nobody may change. */
const LOCKED = 2;
/** How often it is looked whether we still have audit, our rules are there, and the kernel lost nothing. */
const CHECK_MS = 1000;
/** How long there may be no daemon where we read along with one: it is started again, mostly. */
const VACANT_MS = 20_000;
/** Below are messages about the connection itself. */
const FIRST_RECORD = 1100;
/** `AUDIT_PROCTITLE` and `AUDIT_BPRM_FCAPS`, one with each program: what no table shows need not be read. */
export const UNREAD: readonly number[] = [1327, 1321];

/** Hears audit: as its daemon where there is none, else reading along with the one that there is. */
export class AuditPublisher implements Publisher {
  readonly name = 'auditeventpublisher';
  readonly patience = PATIENCE_MS;
  readonly #parts: AuditParts;
  readonly #before: AuditState;
  readonly #assembler: AuditAssembler;
  readonly #calls: ReadonlySet<string>;
  readonly #rules: readonly AuditRule[];
  #source: AuditSource;
  #readsAlong: boolean;
  #checked: number;
  /** When there last was a daemon. */
  #occupied: number;
  /** Records that the kernel has lost since the boot, when that was last asked for. */
  #lostSoFar: number;
  #received = 0;
  #lost = 0;
  #overruns = 0;
  #malformed = 0;
  /** Why the last check failed, which is said once. */
  #failure = '';

  /** Throws `HostError` where the kernel does not let us. */
  constructor(parts: AuditParts) {
    const { open, options, pid, arch, isRunning, now } = parts;
    this.#parts = parts;
    this.#calls = new Set(options.calls);
    this.#rules = auditRules(options, pid, arch);
    this.#assembler = new AuditAssembler((event) => this.#pass(event), parts.startedAt);
    this.#checked = now();
    this.#occupied = now();
    // Another connection than that on which records come: of those that came before an answer nobody would hear.
    using control = open(false);
    this.#before = control.status();
    this.#lostSoFar = this.#before.lost;
    // A daemon that was killed is one until the kernel has something to say to it.
    const { pid: daemon } = this.#before;
    this.#readsAlong = !options.allowConfig || (daemon !== 0 && daemon !== pid && isRunning(daemon));
    this.#source = open(this.#readsAlong);
    try {
      if (options.allowConfig) this.#configure(control);
    } catch (cause) {
      this.#source[Symbol.dispose]();
      throw cause;
    }
  }

  get fds(): readonly number[] {
    return [this.#source.fd];
  }

  /** Whether another program is the audit daemon, or may be. */
  get readsAlong(): boolean {
    return this.#readsAlong;
  }

  /** Whether audit was enabled before we came, which `stop` restores. */
  get enabledBefore(): number {
    return this.#parts.options.enabledBefore ?? this.#before.enabled;
  }

  get counts(): PublisherCounts {
    const { events, incomplete, dropped } = this.#assembler.counts;
    const untracked = this.#parts.files?.untracked ?? 0;
    return {
      received: this.#received,
      events,
      dropped: {
        lost: this.#lost,
        overrun: this.#overruns,
        malformed: this.#malformed,
        incomplete,
        oversized: dropped,
        untracked,
      },
    };
  }

  read(): boolean {
    const now = this.#parts.now();
    for (let i = 0; i < RECORDS_A_READ; i++) {
      const message = this.#source.receive();
      if (message === undefined) return false;
      if (message === 'overrun') {
        this.#overruns += 1;
        this.#missed();
      } else if (message.type >= FIRST_RECORD) this.#add(message, now);
    }
    return true;
  }

  tick(): void {
    const now = this.#parts.now();
    this.#assembler.tick(now);
    if (now - this.#checked < CHECK_MS) return;
    this.#checked = now;
    try {
      this.#check();
      this.#failure = '';
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      if (cause.message !== this.#failure) this.#parts.say('WARNING', `${this.name}: ${cause.message}`);
      this.#failure = cause.message;
    }
  }

  stop(): void {
    const { open, options, pid } = this.#parts;
    try {
      if (!options.allowConfig) return;
      // Another connection than that on which records come, which may be full of them.
      using control = open(false);
      const { enabled, pid: daemon } = control.status();
      if (enabled !== LOCKED && options.clearsAtEnd) for (const rule of control.rules()) control.removeRule(rule);
      else if (enabled !== LOCKED) this.#removeRules(control, (owner) => owner === pid);
      if (daemon !== pid) return;
      if (enabled !== LOCKED) control.set({ enabled: this.enabledBefore });
      control.set({ pid: 0 });
    } finally {
      this.#source[Symbol.dispose]();
    }
  }

  #configure(control: AuditSource): void {
    const { options, pid, isRunning, say } = this.#parts;
    const isLocked = this.#before.enabled === LOCKED;
    if (!this.#readsAlong) {
      this.#become(this.#source, isLocked);
      // While there is no daemon the kernel keeps what it reports, 64 records by default, our own changes too.
      this.#lostSoFar = control.status().lost;
    }
    if (isLocked) {
      say('WARNING', `${this.name}: audit is locked until the next boot; what its rules report is heard`);
      return;
    }
    if (options.clearRules) for (const rule of control.rules()) control.removeRule(rule);
    // Those of one of us that was killed.
    else this.#removeRules(control, (owner) => owner === pid || !isRunning(owner));
    for (const rule of this.#rules) control.addRule(rule);
    if (this.#before.enabled === 0) control.set({ enabled: 1 });
  }

  /** Makes this process the daemon, whom records are sent to. */
  #become(source: AuditSource, isLocked: boolean): void {
    const { options, pid } = this.#parts;
    if (!isLocked) source.set({ failure: SILENT, backlogLimit: options.backlogLimit, waitTime: options.backlogWait });
    source.set({ pid });
  }

  #removeRules(source: AuditSource, isWanted: (owner: number) => boolean): void {
    for (const rule of source.rules()) {
      const owner = ownerOf(rule.key);
      if (owner !== undefined && isWanted(owner)) source.removeRule(rule);
    }
  }

  #check(): void {
    using control = this.#parts.open(false);
    const status = control.status();
    // The counter may be set to zero by others.
    const lost = Math.max(0, status.lost - this.#lostSoFar);
    this.#lostSoFar = status.lost;
    this.#lost += lost;
    if (lost > 0) this.#missed();
    if (this.#parts.options.allowConfig) this.#keep(control, status);
  }

  /** Descriptors may have been closed and opened again, and we do not know. */
  #missed(): void {
    this.#parts.files?.forget();
  }

  /**
   * Programs that load rules remove all others first (`augenrules --load`), and the kernel takes a daemon that does not read
   * fast enough for dead.
   */
  #keep(control: AuditSource, { enabled, pid: found }: AuditState): void {
    const { open, options, pid, isRunning, now, say } = this.#parts;
    const daemon = isRunning(found) ? found : 0;
    if (options.persist && enabled !== LOCKED) {
      const there = control.rules().filter(({ key }) => key === keyFor(pid));
      if (there.length < this.#rules.length || enabled === 0) {
        say('WARNING', `${this.name}: rules were removed or audit was disabled; it is set again`);
        for (const rule of this.#rules) control.addRule(rule);
        control.set({ enabled: 1 });
      }
    }
    const readAlong = daemon !== 0 || !options.persist;
    if (daemon !== 0) this.#occupied = now();
    if (daemon === pid || (this.#readsAlong && (readAlong || now() - this.#occupied < VACANT_MS))) return;
    const next = open(readAlong);
    try {
      if (!readAlong) this.#become(next, enabled === LOCKED);
    } catch (cause) {
      next[Symbol.dispose]();
      throw cause;
    }
    this.#source[Symbol.dispose]();
    this.#source = next;
    this.#readsAlong = readAlong;
    this.#missed();
    const cause = daemon === 0 ? 'there was no audit daemon any more' : `process ${daemon} has become the audit daemon`;
    say('WARNING', `${this.name}: ${cause}: ${readAlong ? 'reads along' : 'is the audit daemon'} from now on`);
  }

  #add(message: AuditMessage, now: number): void {
    this.#received += 1;
    this.#parts.debug?.(`${message.type} ${message.text}`);
    if (UNREAD.includes(message.type)) return;
    try {
      this.#assembler.add(parseAuditRecord(message.type, message.text, 'audit'), now);
    } catch (cause) {
      if (!(cause instanceof MalformedInput)) throw cause;
      this.#malformed += 1;
    }
  }

  /** Passes on what tables want. Rules of others, and those that follow files, bring more calls than they asked for. */
  #pass(event: AuditEvent): void {
    const wanted = event.call === undefined ? event : this.#wanted(event, event.call);
    if (wanted !== undefined) this.#parts.emit(wanted);
  }

  #wanted(event: AuditEvent, { name, record }: AuditCall): AuditEvent | undefined {
    const { files, options, pid } = this.#parts;
    if (record.field('pid') === String(pid)) return undefined;
    const file = files?.heard(event);
    if (file !== undefined) return { ...event, file };
    if (!this.#calls.has(name)) return undefined;
    if (!isSocketCall(event)) return event;
    const socket = socketCall(event, options.sockets);
    return socket && { ...event, socket };
  }
}
