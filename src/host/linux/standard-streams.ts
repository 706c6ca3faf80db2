import { fstatSync, readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { encodeText } from '../../base/text.ts';

const require = createRequire(import.meta.url);

/** Characters gathered before a write: a system call for each row would cost more than making the row. */
const CHUNK = 64 * 1024;
/** How long to let a reader of a full pipe read. */
const PATIENCE_MS = 5;

/**
 * Text to a file descriptor, in large pieces, as the bytes it came from. Not `process.stdout`: loading that costs a cold
 * start 3 ms, and it may lose what was not written when the program ends.
 */
export class DescriptorOutput {
  readonly descriptor: number;
  readonly #chunk: number;
  #pending = '';
  #closed = false;

  /** `chunk` 0 writes each text at once. */
  constructor(descriptor: number, chunk = CHUNK) {
    this.descriptor = descriptor;
    this.#chunk = chunk;
  }

  /** Nobody reads any more: what is written goes nowhere. */
  get closed(): boolean {
    return this.#closed;
  }

  write(text: string): void {
    this.#pending += text;
    if (this.#pending.length > this.#chunk) this.flush();
  }

  flush(): void {
    const bytes = encodeText(this.#pending);
    this.#pending = '';
    for (let at = 0; at < bytes.length && !this.#closed; ) {
      try {
        at += writeSync(this.descriptor, bytes, at);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        // A terminal or pipe that another program made non-blocking.
        if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE_MS);
        else if (code === 'EPIPE') this.#closed = true;
        else throw cause;
      }
    }
  }
}

/** All of standard input. */
export function readStandardInput(): string {
  return readFileSync(0, 'utf8');
}

/** Number of the driver of `/dev/null` and its kin, `Documentation/admin-guide/devices.txt`. */
const MEMORY_DEVICES = 1;

/** Whether the descriptor is a terminal. `node:tty`, 7 ms, is loaded only for a device that might be one. */
export function isTerminal(descriptor: number): boolean {
  const stats = fstatSync(descriptor);
  if (!stats.isCharacterDevice() || stats.rdev >> 8 === MEMORY_DEVICES) return false;
  return (require('node:tty') as typeof import('node:tty')).isatty(descriptor);
}
