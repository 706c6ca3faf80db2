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

  /** `size`: bytes of the fixed part. Throws `MalformedInput` where they are not there. */
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

/** Where the addresses and the texts are. */
interface Places {
  readonly given: number;
  readonly local: number;
  readonly remote: number;
  readonly texts: number;
}

/** As the programs write them. */
const WHOLE: Places = { given: SOCKET.given, local: SOCKET.local, remote: SOCKET.remote, texts: SOCKET.size };
/** Bytes of a `sockaddr_un` at most, and of an address of IPv6. */
const [MOST_OF_UNIX, IPV6] = [SOCKET.size - SOCKET.local, 16];
const MOST_OF_GIVEN = SOCKET.local - SOCKET.given;
/** Bytes of a path that are kept: all that the programs write, 48 names of 256 bytes. */
const MOST_OF_PATH = 48 * 256;

export class SocketSample extends Sample {
  readonly call: SocketCall;
  readonly #places: Places;

  constructor(bytes: Buffer, call: SocketCall, places = WHOLE) {
    super(bytes, places.texts);
    this.mustHold(this.length(SAMPLE.program));
    this.call = call;
    this.#places = places;
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
    return this.#part(this.#places.given, lengthsOf(this.bytes).given);
  }

  /** 16 bytes; of a UNIX socket a `sockaddr_un`. */
  get local(): Buffer {
    return this.#part(this.#places.local, lengthsOf(this.bytes).local);
  }

  /** 16 bytes; of a UNIX socket none. */
  get remote(): Buffer {
    return this.#part(this.#places.remote, lengthsOf(this.bytes).remote);
  }

  /**
   * Writes the sample without the room that its addresses do not take, which is most of it; gives how long that is, at most
   * `MOST_OF_SHORT_SAMPLE`.
   */
  shorten(into: Buffer): number {
    const { given, local, remote, texts } = this.#places;
    const lengths = lengthsOf(this.bytes);
    const path = Math.min(this.length(SAMPLE.program), MOST_OF_PATH);
    let at = this.bytes.copy(into, 0, 0, SOCKET.given);
    at += this.bytes.copy(into, at, given, given + lengths.given);
    at += this.bytes.copy(into, at, local, local + lengths.local);
    at += this.bytes.copy(into, at, remote, remote + lengths.remote);
    at += this.bytes.copy(into, at, texts, texts + path);
    into.writeUInt32LE(path, SAMPLE.program);
    return at;
  }

  #part(from: number, length: number): Buffer {
    return this.bytes.subarray(from, from + length);
  }
}

export const MOST_OF_SHORT_SAMPLE = SOCKET.given + MOST_OF_GIVEN + MOST_OF_UNIX + MOST_OF_PATH;

/** A sample that was shortened. Throws `MalformedInput`. */
export function readShortSample(bytes: Buffer): SocketSample {
  const call = bytes.length < SOCKET.given ? undefined : CALLS.get(bytes.readUInt32LE(SAMPLE.kind));
  if (call === undefined) throw new MalformedInput('bpf', 0, `no sample of a socket: ${bytes.length} bytes`);
  const lengths = lengthsOf(bytes);
  const local = SOCKET.given + lengths.given;
  const remote = local + lengths.local;
  return new SocketSample(bytes, call, { given: SOCKET.given, local, remote, texts: remote + lengths.remote });
}

/** Bytes of the addresses of a socket. */
function lengthsOf(bytes: Buffer): Record<'given' | 'local' | 'remote', number> {
  const isUnix = bytes.readUInt16LE(SOCKET.family) === AF_UNIX;
  return {
    given: Math.min(bytes.readUInt32LE(SOCKET.givenLength), MOST_OF_GIVEN),
    local: isUnix ? Math.min(bytes.readUInt16LE(SOCKET.localPort), MOST_OF_UNIX) : IPV6,
    remote: isUnix ? 0 : IPV6,
  };
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
