import { MalformedInput } from '../base/errors.ts';
import { decodeText } from '../base/text.ts';

/**
 * What our programs in the kernel write about an event: a fixed part, little endian, then texts whose lengths it has. The
 * programs take the same places from here.
 */
export const SAMPLE = {
  kind: 0,
  /** Whether something could not be captured. */
  error: 4,
  /** Nanoseconds since the boot; of the cgroup its inode; nanoseconds in the call. */
  bootTime: 8,
  cgroup: 16,
  duration: 24,
  pid: 32,
  tid: 36,
  parent: 40,
  uid: 44,
  gid: 48,
  exit: 52,
  /** Bytes of the names of the program's path, from the last one to the first, each with a NUL at its end. */
  program: 56,
} as const;

/** Of a program that was started. */
export const EXEC = { kind: 1, directory: 60, arguments: 64, size: 72 } as const;

/** Of a call of a socket. */
export const SOCKET = {
  descriptor: 60,
  family: 64,
  type: 66,
  protocol: 68,
  /** The local one as a number, the remote one as in a packet. */
  localPort: 70,
  remotePort: 72,
  /** Bytes of the address that the program gave. */
  givenLength: 76,
  given: 80,
  /** Of the socket itself; for one of the UNIX family a `sockaddr_un` in place of both, its length in `localPort`. */
  local: 208,
  remote: 224,
  size: 320,
} as const;

/** `socket(2)`. */
const AF_UNIX = 1;

/** Kinds of samples of sockets. */
export const SOCKET_KINDS = { connect: 2, bind: 3, listen: 4, accept: 5 } as const;
export type SocketCall = keyof typeof SOCKET_KINDS;

const CALLS: ReadonlyMap<number, SocketCall> = new Map(
  Object.entries(SOCKET_KINDS).map(([name, kind]) => [kind, name as SocketCall]),
);

/** A sample, whose parts are read when somebody asks for them: a path or a list of arguments costs more than all the rest. */
abstract class Sample {
  readonly bytes: Buffer;
  readonly #size: number;

  /** `size`: bytes of the fixed part. Throws `MalformedInput` where that, or `texts` bytes after it, are not there. */
  constructor(bytes: Buffer, size: number) {
    if (bytes.length < size) throw new MalformedInput('bpf', bytes.length, 'the sample is cut');
    this.bytes = bytes;
    this.#size = size;
  }

  get error(): boolean {
    return this.bytes.readUInt32LE(SAMPLE.error) !== 0;
  }

  get bootTime(): bigint {
    return this.bytes.readBigUInt64LE(SAMPLE.bootTime);
  }

  get cgroup(): number {
    return number64(this.bytes, SAMPLE.cgroup);
  }

  get duration(): number {
    return number64(this.bytes, SAMPLE.duration);
  }

  get pid(): number {
    return this.bytes.readUInt32LE(SAMPLE.pid);
  }

  get tid(): number {
    return this.bytes.readUInt32LE(SAMPLE.tid);
  }

  get parent(): number {
    return this.bytes.readUInt32LE(SAMPLE.parent);
  }

  get uid(): number {
    return this.bytes.readUInt32LE(SAMPLE.uid);
  }

  get gid(): number {
    return this.bytes.readUInt32LE(SAMPLE.gid);
  }

  get exit(): number {
    return this.bytes.readInt32LE(SAMPLE.exit);
  }

  /** Of the program that runs. */
  get path(): string {
    return pathOf(this.text(0, this.length(SAMPLE.program)));
  }

  /** How long a text is. */
  protected length(at: number): number {
    return this.bytes.readUInt32LE(at);
  }

  /** A text that begins so many bytes after the fixed part. */
  protected text(from: number, length: number): string {
    return decodeText(this.bytes, this.#size + from, this.#size + from + length);
  }

  protected mustHold(length: number): void {
    if (this.#size + length > this.bytes.length) {
      throw new MalformedInput('bpf', this.#size, `texts of ${length} bytes are cut`);
    }
  }
}

export class ExecSample extends Sample {
  readonly call = 'exec';

  constructor(bytes: Buffer) {
    super(bytes, EXEC.size);
    this.mustHold(this.#program + this.#names + this.length(EXEC.arguments));
  }

  get directory(): string {
    return pathOf(this.text(this.#program, this.#names));
  }

  get arguments(): readonly string[] {
    const given = this.text(this.#program + this.#names, this.length(EXEC.arguments));
    return given === '' ? [] : split(given);
  }

  get #program(): number {
    return this.length(SAMPLE.program);
  }

  get #names(): number {
    return this.length(EXEC.directory);
  }
}

export class SocketSample extends Sample {
  readonly call: SocketCall;

  constructor(bytes: Buffer, call: SocketCall) {
    super(bytes, SOCKET.size);
    this.mustHold(this.length(SAMPLE.program));
    this.call = call;
  }

  get descriptor(): number {
    return this.bytes.readInt32LE(SOCKET.descriptor);
  }

  get family(): number {
    return this.bytes.readUInt16LE(SOCKET.family);
  }

  get type(): number {
    return this.bytes.readUInt16LE(SOCKET.type);
  }

  get protocol(): number {
    return this.bytes.readUInt16LE(SOCKET.protocol);
  }

  get localPort(): number {
    return this.bytes.readUInt16LE(SOCKET.localPort);
  }

  get remotePort(): number {
    return this.bytes.readUInt16BE(SOCKET.remotePort);
  }

  /** The `sockaddr` that the program gave; for `accept` none. */
  get given(): Buffer {
    return this.#part(SOCKET.given, Math.min(this.length(SOCKET.givenLength), SOCKET.local - SOCKET.given));
  }

  /** 16 bytes; of a UNIX socket a `sockaddr_un`. */
  get local(): Buffer {
    const isUnix = this.family === AF_UNIX;
    return this.#part(SOCKET.local, isUnix ? Math.min(this.localPort, SOCKET.size - SOCKET.local) : 16);
  }

  /** 16 bytes; of a UNIX socket none. */
  get remote(): Buffer {
    return this.#part(SOCKET.remote, this.family === AF_UNIX ? 0 : 16);
  }

  #part(from: number, length: number): Buffer {
    return this.bytes.subarray(from, from + length);
  }
}

export type BpfSample = ExecSample | SocketSample;

/** Throws `MalformedInput`. What it gives reads `bytes`, as long as they are what they were. */
export function parseBpfSample(bytes: Buffer): BpfSample {
  const kind = bytes.length < EXEC.size ? 0 : bytes.readUInt32LE(SAMPLE.kind);
  if (kind === EXEC.kind) return new ExecSample(bytes);
  const call = CALLS.get(kind);
  if (call === undefined) throw new MalformedInput('bpf', 0, `no sample: kind ${kind}, ${bytes.length} bytes`);
  return new SocketSample(bytes, call);
}

/** 64 bits as a number, without a BigInt on the way. */
function number64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}

/** A path of its names, from the last one to the first. */
function pathOf(names: string): string {
  return `/${split(names).reverse().join('/')}`;
}

/** Each part has a NUL at its end, but for a last one that was cut. */
function split(text: string): string[] {
  const parts = text.split('\0');
  if (text.endsWith('\0')) parts.pop();
  return parts;
}
