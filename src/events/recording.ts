import { MalformedInput } from '../base/errors.ts';
import type { AuditSource } from './audit/publisher.ts';
import type { SampleSource } from './bpf/publisher.ts';
import type { FanotifyFileSystems } from './files/fanotify-marks.ts';
import type { LineSource } from './syslog/publisher.ts';
import type { UeventSource } from './udev/publisher.ts';

/** What recordings are called, to the publishers that hear them: `audit-exec.txt`, … */
const PUBLISHERS: Readonly<Record<string, string>> = {
  audit: 'auditeventpublisher',
  bpf: 'BPFEventPublisher',
  fanotify: 'inotify',
  syslog: 'syslog',
  udev: 'udev',
};
/** No descriptor: nothing is waited for. */
const NONE = -1;

/**
 * What a source gave once, given again, as it came and all at once: a line each. Of audit the type and text of a record, of
 * syslog a line; of the others bytes in hexadecimal. Of fanotify `R` for what was read, and `D` for a handle of a directory and
 * its path.
 */
export class Recording {
  /** osquery's name of the publisher that hears it. */
  readonly publisher: string;
  readonly #lines: string[];

  /** `bytes`: a file of this name. Throws `MalformedInput`. */
  constructor(path: string, bytes: Buffer) {
    const kind = /([a-z]+)-[^/]*$/.exec(path)?.[1] ?? '';
    const publisher = Object.hasOwn(PUBLISHERS, kind) ? PUBLISHERS[kind] : undefined;
    if (publisher === undefined) {
      throw new MalformedInput(
        path,
        0,
        `no recording is called so; they are ${Object.keys(PUBLISHERS).join('-…, ')}-…`,
      );
    }
    this.publisher = publisher;
    this.#lines = bytes.latin1Slice().split('\n');
    if (this.#lines.at(-1) === '') this.#lines.pop();
  }

  audit(): AuditSource {
    const refuse = () => {
      throw new MalformedInput('recording', 0, 'nothing can be set');
    };
    return {
      fd: NONE,
      status: () => ({ enabled: 1, pid: 0, backlogLimit: 0, lost: 0, waitTime: 0 }),
      set: refuse,
      addRule: refuse,
      rules: () => [],
      removeRule: refuse,
      receive: () => {
        const line = this.#lines.shift();
        return line && { type: Number.parseInt(line, 10) || 0, text: line.slice(line.indexOf(' ') + 1) };
      },
      [Symbol.dispose]: () => {},
    } as AuditSource;
  }

  bpf(): SampleSource {
    return {
      fd: NONE,
      patience: 0,
      consume: (take, max) => {
        for (const line of this.#lines.splice(0, max)) take(Buffer.from(line, 'hex'));
        return this.#lines.length > 0;
      },
      lost: () => 0,
      [Symbol.dispose]: () => {},
    };
  }

  fanotify(): FanotifyFileSystems {
    const directories = new Map(
      this.#lines.flatMap((line) => {
        const [kind, handle = '', path = ''] = line.split(' ');
        return kind === 'D' ? [[Buffer.from(handle, 'hex').latin1Slice(), path] as const] : [];
      }),
    );
    const reads = this.#lines.filter((line) => line.startsWith('R '));
    return {
      fd: NONE,
      mark: () => {},
      pathOf: (handle) => directories.get(handle),
      read: () => Buffer.from(reads.shift()?.slice(2) ?? '', 'hex'),
      [Symbol.dispose]: () => {},
    };
  }

  syslog(): LineSource {
    return {
      fd: NONE,
      read: (into, start) => {
        const line = this.#lines.shift();
        return line === undefined ? 0 : into.write(`${line}\n`, start, 'latin1');
      },
      [Symbol.dispose]: () => {},
    };
  }

  udev(): UeventSource {
    return {
      fd: NONE,
      receive: () => {
        const line = this.#lines.shift();
        return line === undefined ? undefined : Buffer.from(line, 'hex');
      },
      [Symbol.dispose]: () => {},
    };
  }
}
