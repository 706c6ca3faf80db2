import { HostError } from '../../base/errors.ts';
import { type AuditRule, encodeRule, keyOf, type ListedRule } from './audit-rule.ts';
import { errnoName } from './errors.ts';
import { MessageBatch } from './message-batch.ts';
import { addressOf, errno, libc } from './native.ts';

/** `socket(2)`, `netlink(7)`. */
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_AUDIT = 9;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
/** How long the kernel may take to answer. */
const ANSWER_SECONDS = 5;
const HEADER = 16;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
/** Of the multicast group that reads along while another program is the audit daemon. */
const AUDIT_NLGRP_READLOG = 1;
/** Bytes of what the kernel may keep for us while we do something else; it takes some 2 KiB for a record. */
const RECEIVE_BUFFER = 8 * 1024 * 1024;
/** `MAX_AUDIT_MESSAGE_LENGTH` and a header, rounded up. */
const MESSAGE = 9216;

/** Messages received with one call: a call costs some microseconds, whatever it brings. */
const BATCH = 64;

/** Types of messages, `include/uapi/linux/audit.h`. */
const AUDIT_GET = 1000;
const AUDIT_SET = 1001;
const AUDIT_ADD_RULE = 1011;
const AUDIT_DEL_RULE = 1012;
const AUDIT_LIST_RULES = 1013;

/** `struct audit_status`: bits of its mask, and where the fields are. */
const STATUS = {
  size: 44,
  enabled: 4,
  failure: 8,
  pid: 12,
  rateLimit: 16,
  backlogLimit: 20,
  lost: 24,
  backlog: 28,
  waitTime: 36,
};
const MASK = { enabled: 1, failure: 2, pid: 4, rateLimit: 8, backlogLimit: 16, waitTime: 32 };

export interface AuditStatus {
  readonly enabled: number;
  /** Pid of the audit daemon; 0 for none. */
  readonly pid: number;
  readonly backlogLimit: number;
  readonly lost: number;
  readonly waitTime: number;
}

/** What of the status is to be set. */
export type AuditSettings = Partial<Omit<AuditStatus, 'lost'>> & { readonly failure?: number };

/** Where the type is in the header of a message, `struct nlmsghdr`. */
const TYPE = 4;

/** Instructions of `include/uapi/linux/bpf_common.h`: 16 bits of a message, compare, give so many bytes of it; and their size. */
const BPF = { loadHalf: 0x28, jumpIfEqual: 0x15, give: 0x06, size: 8 } as const;

/** A record as it came, whose text is made when it is asked for. */
class Message {
  readonly #data: Buffer;
  #type = 0;
  #start = 0;
  #length = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  /** The next one: it is not worth an object of its own. */
  at(start: number, length: number): this {
    this.#type = length < HEADER ? 0 : this.#data.readUInt16LE(start + TYPE);
    this.#start = start;
    this.#length = length;
    return this;
  }

  get type(): number {
    return this.#type;
  }

  get text(): string {
    if (this.#length < HEADER) return '';
    const end = this.#start + this.#length;
    // The kernel's own length leaves out the header, now and then; what came is what counts.
    return this.#data.latin1Slice(this.#start + HEADER, this.#data[end - 1] === 0 ? end - 1 : end);
  }
}

/** A connection to the kernel's audit. Needs CAP_AUDIT_CONTROL, or CAP_AUDIT_READ to read along. Throws `HostError`. */
export class AuditSocket implements Disposable {
  readonly fd: number;
  readonly #buffer = Buffer.alloc(MESSAGE);
  readonly #address: number;
  readonly #receive = libc('intptr_t recv(int fd, uintptr_t data, size_t length, int flags)');
  readonly #batch = new MessageBatch(BATCH, MESSAGE);
  readonly #message = new Message(this.#batch.data);
  #next = 0;
  #count = 0;
  #sequence = 1;

  /** With `readAlong` it hears what another audit daemon hears; `without`: types of records that it does not hear. */
  constructor({ readAlong = false, without = [] as readonly number[] } = {}) {
    const fd: number = libc('int socket(int domain, int type, int protocol)')(
      AF_NETLINK,
      SOCK_RAW | SOCK_CLOEXEC,
      NETLINK_AUDIT,
    );
    if (fd < 0) fail('socket');
    this.fd = fd;
    this.#address = addressOf(this.#buffer);
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK);
    if (readAlong) address.writeUInt32LE(AUDIT_NLGRP_READLOG, 8);
    const size = Buffer.alloc(4);
    size.writeInt32LE(RECEIVE_BUFFER);
    this.#setOption(SO_RCVBUFFORCE, size);
    const patience = Buffer.alloc(16);
    patience.writeBigInt64LE(BigInt(ANSWER_SECONDS));
    this.#setOption(SO_RCVTIMEO, patience);
    this.#leaveOut(without);
    if (libc('int bind(int fd, const void *address, uint32_t length)')(fd, address, address.length) !== 0) {
      const code = errnoName(errno());
      this[Symbol.dispose]();
      throw new HostError(code, 'netlink audit', 'bind');
    }
  }

  status(): AuditStatus {
    let found: AuditStatus | undefined;
    this.#request(AUDIT_GET, Buffer.alloc(0), (payload) => {
      const at = (offset: number) => (offset + 4 <= payload.length ? payload.readUInt32LE(offset) : 0);
      found = {
        enabled: at(STATUS.enabled),
        pid: at(STATUS.pid),
        backlogLimit: at(STATUS.backlogLimit),
        lost: at(STATUS.lost),
        waitTime: at(STATUS.waitTime),
      };
    });
    if (found === undefined) throw new HostError('ENODATA', 'netlink audit', 'get status');
    return found;
  }

  set(settings: AuditSettings): void {
    const payload = Buffer.alloc(STATUS.size);
    let mask = 0;
    for (const [name, value] of Object.entries(settings)) {
      mask |= MASK[name as keyof typeof MASK];
      payload.writeUInt32LE(value >>> 0, STATUS[name as keyof typeof STATUS]);
    }
    payload.writeUInt32LE(mask, 0);
    this.#request(AUDIT_SET, payload);
  }

  /** One that is there already is no error. */
  addRule(rule: AuditRule): void {
    this.#request(AUDIT_ADD_RULE, encodeRule(rule), undefined, 'EEXIST');
  }

  /** All rules that the kernel has. */
  rules(): ListedRule[] {
    const found: ListedRule[] = [];
    this.#request(AUDIT_LIST_RULES, Buffer.alloc(0), (payload) => {
      const bytes = Buffer.from(payload);
      found.push({ key: keyOf(bytes), bytes });
    });
    return found;
  }

  /** One that is not there is no error. */
  removeRule({ bytes }: ListedRule): void {
    this.#request(AUDIT_DEL_RULE, bytes, undefined, 'ENOENT');
  }

  /** The next record, if there is one, good until the next one. `overrun`: the kernel had no room for some. */
  receive(): Message | 'overrun' | undefined {
    if (this.#next === this.#count) {
      this.#next = 0;
      this.#count = this.#batch.receive(this.fd);
      if (this.#count < 0) {
        this.#count = 0;
        const code = errnoName(errno());
        if (code === 'ENOBUFS') return 'overrun';
        if (code === 'EAGAIN' || code === 'EINTR') return undefined;
        throw new HostError(code, 'netlink audit', 'receive');
      }
    }
    if (this.#next === this.#count) return undefined;
    const index = this.#next++;
    return this.#message.at(this.#batch.start(index), this.#batch.length(index));
  }

  [Symbol.dispose](): void {
    libc('int close(int fd)')(this.fd);
  }

  /** What the kernel refuses stays as it was. */
  #setOption(name: number, value: Buffer): void {
    const set = libc('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
    set(this.fd, SOL_SOCKET, name, value, value.length);
  }

  /**
   * Has the kernel drop messages of some types for this socket, and for no other one that hears audit: each costs a copy and a
   * wake-up. It is a program of the socket, `SO_ATTACH_FILTER` of socket(7); without it they are heard, too.
   */
  #leaveOut(types: readonly number[]): void {
    if (types.length === 0) return;
    const steps: readonly (readonly [code: number, ifTrue: number, ifFalse: number, value: number])[] = [
      [BPF.loadHalf, 0, 0, TYPE],
      // It loads the number as if it had the order of a network.
      ...types.map((type, i) => [BPF.jumpIfEqual, types.length - i, 0, ((type & 0xff) << 8) | (type >> 8)] as const),
      [BPF.give, 0, 0, 0xffffffff],
      [BPF.give, 0, 0, 0],
    ];
    const program = Buffer.alloc(steps.length * BPF.size);
    for (const [i, [code, ifTrue, ifFalse, value]] of steps.entries()) {
      program.writeUInt16LE(code, i * BPF.size);
      program.writeUInt8(ifTrue, i * BPF.size + 2);
      program.writeUInt8(ifFalse, i * BPF.size + 3);
      program.writeUInt32LE(value, i * BPF.size + 4);
    }
    // `struct sock_fprog`.
    const filter = Buffer.alloc(16);
    filter.writeUInt16LE(steps.length);
    filter.writeBigUInt64LE(BigInt(addressOf(program)), 8);
    this.#setOption(SO_ATTACH_FILTER, filter);
  }

  /** Sends, and waits for the acknowledgement; records that come in between go to nobody: rules are set first. */
  #request(type: number, payload: Buffer, heard: (payload: Buffer) => void = () => {}, ignored?: string): void {
    const message = Buffer.alloc(HEADER + payload.length);
    const sequence = this.#sequence++;
    message.writeUInt32LE(message.length, 0);
    message.writeUInt16LE(type, 4);
    message.writeUInt16LE(NLM_F_REQUEST | NLM_F_ACK, 6);
    message.writeUInt32LE(sequence, 8);
    payload.copy(message, HEADER);
    const send = libc('intptr_t send(int fd, const void *data, size_t length, int flags)');
    if (send(this.fd, message, message.length, 0) < 0) fail('send');
    const isQuestion = type === AUDIT_GET || type === AUDIT_LIST_RULES;
    let acknowledged = false;
    let answered = false;
    for (let tries = 0; tries < MAX_ANSWERS; tries++) {
      const length: number = this.#receive(this.fd, this.#address, MESSAGE, 0);
      if (length < 0) fail('receive');
      const answer = this.#buffer.readUInt16LE(4);
      if (answer === NLMSG_ERROR && this.#buffer.readUInt32LE(8) === sequence) {
        const code = -this.#buffer.readInt32LE(HEADER);
        if (code !== 0 && errnoName(code) !== ignored) throw new HostError(errnoName(code), 'netlink audit', 'request');
        // What was asked for is sent by a thread of the kernel, before or after the acknowledgement.
        acknowledged = true;
        if (!isQuestion || answered) return;
      } else if (answer === type || answer === NLMSG_DONE) {
        if (answer === type) heard(this.#buffer.subarray(HEADER, length));
        answered = type === AUDIT_GET || answer === NLMSG_DONE;
        if (acknowledged && answered) return;
      }
    }
    throw new HostError('ETIMEDOUT', 'netlink audit', 'request');
  }
}

/** Records that may come before an answer: a machine that is audited is busy. */
const MAX_ANSWERS = 100_000;

function fail(operation: string): never {
  throw new HostError(errnoName(errno()), 'netlink audit', operation);
}
