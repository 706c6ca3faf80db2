import { constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { UserError } from '../../base/errors.ts';
import { decodeText, encodeText } from '../../base/text.ts';
import { errnoName } from './errors.ts';
import { errno, libc } from './native.ts';

const require = createRequire(import.meta.url);

/** Characters gathered before a write: a system call for each row would cost more than making the row. */
const CHUNK = 64 * 1024;
const STDERR = 2;
const NAMES = ['standard input', 'standard output', 'standard error'];
/** How long to let the other end of a pipe do its part. */
const PATIENCE_MS = 5;
/** Bytes of a line of input: /dev/zero has no end. */
const MAX_LINE = 16 * 1024 * 1024;

/** `socket(7)`. */
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** `signal(7)`: a process in the background writes to its terminal, which stops it after `stty tostop`. */
const SIGTTOU = 22;
const SIG_IGN = 1;

/** Lets a daemon in the background of a shell write to the terminal, and go on. */
export function writeFromBackground(): void {
  libc('uintptr_t signal(int signal, uintptr_t handler)')(SIGTTOU, SIG_IGN);
}

export interface OutputOptions {
  /** What cannot be written now may be able to later. */
  readonly lasting?: boolean;
  /**
   * How long to wait, in milliseconds, for who takes nothing: a terminal that was stopped, a pipe that nobody reads. What is
   * left then is dropped, and nobody waits again until something goes. Without it, for ever.
   */
  readonly patienceMs?: number;
}

/**
 * Text to a file descriptor, in large pieces, as the bytes it came from. Not `process.stdout`: loading that costs a cold
 * start 3 ms, and it may lose what was not written when the program ends.
 */
export class DescriptorOutput {
  readonly descriptor: number;
  readonly #chunk: number;
  readonly #lasting: boolean;
  readonly #patienceMs: number;
  #writeSome: ((bytes: Uint8Array, at: number) => number) | undefined;
  #pending = '';
  #closed = false;
  /** Nothing went when it was last tried. */
  #stalled = false;
  /** The last line was dropped in its middle. */
  #cut = false;

  /** `chunk` 0 writes each text at once. */
  constructor(
    descriptor: number,
    chunk = CHUNK,
    { lasting = false, patienceMs = Number.POSITIVE_INFINITY }: OutputOptions = {},
  ) {
    this.descriptor = descriptor;
    this.#chunk = chunk;
    this.#lasting = lasting;
    this.#patienceMs = patienceMs;
  }

  /** Nobody reads any more: what is written goes nowhere. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Throws `UserError` where it cannot be written: a file on a full disk, a terminal that is gone. */
  write(text: string): void {
    this.#pending += text;
    if (this.#pending.length > this.#chunk) this.flush();
  }

  flush(): void {
    const bytes = encodeText(this.#cut ? `\n${this.#pending}` : this.#pending);
    this.#pending = '';
    let waited = 0;
    for (let at = 0; at < bytes.length && !this.#closed; ) {
      try {
        at += this.#some(bytes, at);
        this.#stalled = false;
        this.#cut = at < bytes.length;
        waited = 0;
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        // A terminal or pipe that another program made non-blocking, or we ourselves.
        if (code === 'EAGAIN' && waited < (this.#stalled ? 0 : this.#patienceMs)) {
          wait();
          waited += PATIENCE_MS;
          continue;
        }
        if (code === 'EPIPE') this.#closed = true;
        else {
          this.#stalled = code === 'EAGAIN';
          // Nobody could be told; the next message may go through.
          if (this.descriptor === STDERR) return;
          this.#closed = !this.#lasting;
          throw new UserError(`${NAMES[this.descriptor] ?? 'output'} cannot be written: ${code}`);
        }
      }
    }
  }

  #some(bytes: Uint8Array, at: number): number {
    this.#writeSome ??= Number.isFinite(this.#patienceMs)
      ? neverWaiting(this.descriptor)
      : (all, from) => writeSync(this.descriptor, all, from);
    return this.#writeSome(bytes, at);
  }
}

/**
 * Writes some bytes, and throws EAGAIN where a plain descriptor would wait. It is not made non-blocking, as others have it, too:
 * a pipe or terminal is opened once more, a socket is asked each time.
 */
function neverWaiting(descriptor: number): (bytes: Uint8Array, at: number) => number {
  const stats = fstatSync(descriptor);
  if (stats.isSocket()) {
    return (bytes, at) => {
      const send = libc('intptr_t send(int fd, const void *data, size_t length, int flags)');
      const rest = bytes.subarray(at);
      const sent: number = send(descriptor, rest, rest.length, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent >= 0) return sent;
      const code = errnoName(errno());
      throw Object.assign(new Error(code), { code });
    };
  }
  let own = descriptor;
  if (stats.isFIFO() || stats.isCharacterDevice()) {
    try {
      const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
      own = openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    } catch {
      // Without procfs, or the right to open it: then it may wait.
    }
  }
  return (bytes, at) => writeSync(own, bytes, at);
}

/**
 * The lines of standard input, as they come: who asks through a pipe may want the answer before the next question.
 * `beforeRead` is called before each wait for more.
 */
export function* standardInputLines(beforeRead: () => void): Generator<string> {
  const chunk = Buffer.allocUnsafe(CHUNK);
  /** Of a line whose end has not come yet. */
  let parts: Buffer[] = [];
  let length = 0;
  for (;;) {
    beforeRead();
    const bytes = chunk.subarray(0, readInput(chunk));
    if (bytes.length === 0) break;
    let start = 0;
    for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', start)) {
      yield lineOf([...parts, bytes.subarray(start, end)]);
      parts = [];
      length = 0;
      start = end + 1;
    }
    parts.push(Buffer.from(bytes.subarray(start)));
    length += bytes.length - start;
    if (length > MAX_LINE) throw new UserError(`standard input: a line of more than ${MAX_LINE} bytes`);
  }
  if (length > 0) yield lineOf(parts);
}

function readInput(into: Buffer): number {
  for (;;) {
    try {
      return readSync(0, into);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') throw new UserError(`standard input: ${code}`);
      wait();
    }
  }
}

function lineOf(parts: readonly Buffer[]): string {
  const line = decodeText(Buffer.concat(parts));
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function wait(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE_MS);
}

/** Number of the driver of `/dev/null` and its kin, `Documentation/admin-guide/devices.txt`. */
const MEMORY_DEVICES = 1;

/** Whether the descriptor is a terminal. `node:tty`, 7 ms, is loaded only for a device that might be one. */
export function isTerminal(descriptor: number): boolean {
  const stats = fstatSync(descriptor);
  if (!stats.isCharacterDevice() || stats.rdev >> 8 === MEMORY_DEVICES) return false;
  return (require('node:tty') as typeof import('node:tty')).isatty(descriptor);
}
