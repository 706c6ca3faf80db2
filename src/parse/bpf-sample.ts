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

interface Common {
  readonly error: boolean;
  readonly bootTime: bigint;
  readonly cgroup: number;
  readonly duration: number;
  readonly pid: number;
  readonly tid: number;
  readonly parent: number;
  readonly uid: number;
  readonly gid: number;
  readonly exit: number;
  /** Of the program that runs. */
  readonly path: string;
}

export interface ExecSample extends Common {
  readonly call: 'exec';
  readonly directory: string;
  readonly arguments: readonly string[];
}

export interface SocketSample extends Common {
  readonly call: SocketCall;
  readonly descriptor: number;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  readonly localPort: number;
  readonly remotePort: number;
  /** The `sockaddr` that the program gave; for `accept` none. */
  readonly given: Buffer;
  /** 16 bytes each; of a UNIX socket `local` is a `sockaddr_un`, and there is no remote one. */
  readonly local: Buffer;
  readonly remote: Buffer;
}

export type BpfSample = ExecSample | SocketSample;

/** Throws `MalformedInput`. What it gives shares no bytes with `sample`. */
export function parseBpfSample(sample: Buffer): BpfSample {
  const kind = sample.length < EXEC.size ? 0 : sample.readUInt32LE(SAMPLE.kind);
  if (kind === EXEC.kind) return execSample(sample);
  const call = CALLS.get(kind);
  if (call === undefined) throw new MalformedInput('bpf', 0, `no sample: kind ${kind}, ${sample.length} bytes`);
  return socketSample(sample, call);
}

function execSample(sample: Buffer): ExecSample {
  const texts = new Texts(sample, EXEC.size);
  const path = programs.of(texts.take(sample.readUInt32LE(SAMPLE.program)));
  const directory = directories.of(texts.take(sample.readUInt32LE(EXEC.directory)));
  const given = texts.take(sample.readUInt32LE(EXEC.arguments));
  return { ...common(sample, path), call: 'exec', directory, arguments: given === '' ? [] : split(given) };
}

function socketSample(sample: Buffer, call: SocketCall): SocketSample {
  if (sample.length < SOCKET.size) throw new MalformedInput('bpf', sample.length, 'the sample is cut');
  const texts = new Texts(sample, SOCKET.size);
  const path = programs.of(texts.take(sample.readUInt32LE(SAMPLE.program)));
  const family = sample.readUInt16LE(SOCKET.family);
  const localPort = sample.readUInt16LE(SOCKET.localPort);
  const addresses = Buffer.from(sample.subarray(SOCKET.given, SOCKET.size));
  const part = (from: number, length: number) => addresses.subarray(from - SOCKET.given, from - SOCKET.given + length);
  return {
    ...common(sample, path),
    call,
    descriptor: sample.readInt32LE(SOCKET.descriptor),
    family,
    type: sample.readUInt16LE(SOCKET.type),
    protocol: sample.readUInt16LE(SOCKET.protocol),
    localPort,
    remotePort: sample.readUInt16BE(SOCKET.remotePort),
    given: part(SOCKET.given, Math.min(sample.readUInt32LE(SOCKET.givenLength), SOCKET.local - SOCKET.given)),
    local: part(SOCKET.local, family === AF_UNIX ? Math.min(localPort, SOCKET.size - SOCKET.local) : 16),
    remote: part(SOCKET.remote, family === AF_UNIX ? 0 : 16),
  };
}

function common(sample: Buffer, path: string): Common {
  return {
    error: sample.readUInt32LE(SAMPLE.error) !== 0,
    bootTime: sample.readBigUInt64LE(SAMPLE.bootTime),
    cgroup: number64(sample, SAMPLE.cgroup),
    duration: number64(sample, SAMPLE.duration),
    pid: sample.readUInt32LE(SAMPLE.pid),
    tid: sample.readUInt32LE(SAMPLE.tid),
    parent: sample.readUInt32LE(SAMPLE.parent),
    uid: sample.readUInt32LE(SAMPLE.uid),
    gid: sample.readUInt32LE(SAMPLE.gid),
    exit: sample.readInt32LE(SAMPLE.exit),
    path,
  };
}

/** 64 bits as a number, without a BigInt on the way. */
function number64(sample: Buffer, at: number): number {
  return sample.readUInt32LE(at + 4) * 2 ** 32 + sample.readUInt32LE(at);
}

/** Texts, one after the other. */
class Texts {
  readonly #sample: Buffer;
  #at: number;

  constructor(sample: Buffer, at: number) {
    this.#sample = sample;
    this.#at = at;
  }

  take(length: number): string {
    const end = this.#at + length;
    if (end > this.#sample.length) throw new MalformedInput('bpf', this.#at, `a text of ${length} bytes is cut`);
    const text = decodeText(this.#sample, this.#at, end);
    this.#at = end;
    return text;
  }
}

/** Each part has a NUL at its end, but for a last one that was cut. */
function split(text: string): string[] {
  const parts = text.split('\0');
  if (text.endsWith('\0')) parts.pop();
  return parts;
}

/** The path of the names that came last: the same program makes many calls, and many start in one directory. */
class LastPath {
  #names = '';
  #path = '/';

  of(names: string): string {
    if (names !== this.#names) {
      this.#names = names;
      this.#path = `/${split(names).reverse().join('/')}`;
    }
    return this.#path;
  }
}

const programs = new LastPath();
const directories = new LastPath();
