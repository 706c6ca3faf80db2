import { MalformedInput } from '../../base/errors.ts';
import { parseUevent } from '../../parse/uevent.ts';
import type { DeviceEvent } from '../../schema/device-event.ts';
import type { Publisher, PublisherCounts } from '../publisher.ts';

/** Messages about devices, or a recording of them. */
export interface UeventSource {
  readonly fd: number;
  receive(): Buffer | 'overrun' | 'untrusted' | 'oversized' | undefined;
  [Symbol.dispose](): void;
}

/** Messages of one `read`: the others have their turn, and what was heard is stored. */
const MESSAGES_A_READ = 1024;

/** Hears what happens to devices. */
export class UdevPublisher implements Publisher {
  readonly name = 'udev';
  readonly #source: UeventSource;
  readonly #withoutTypes: ReadonlySet<string>;
  readonly #emit: (event: DeviceEvent) => void;
  readonly #dropped = { overrun: 0, untrusted: 0, oversized: 0, malformed: 0 };
  #received = 0;
  #events = 0;

  /** `withoutTypes`: kinds of devices, as of `DEVTYPE`, of which nobody wants to know. */
  constructor(source: UeventSource, withoutTypes: ReadonlySet<string>, emit: (event: DeviceEvent) => void) {
    this.#source = source;
    this.#withoutTypes = withoutTypes;
    this.#emit = emit;
  }

  get fds(): readonly number[] {
    return [this.#source.fd];
  }

  get counts(): PublisherCounts {
    return { received: this.#received, events: this.#events, dropped: { ...this.#dropped } };
  }

  read(): boolean {
    const occurred = BigInt(Date.now()) * 1_000_000n;
    for (let i = 0; i < MESSAGES_A_READ; i++) {
      const message = this.#source.receive();
      if (message === undefined) return false;
      if (typeof message === 'string') this.#dropped[message] += 1;
      else this.#take(message, occurred);
    }
    return true;
  }

  tick(): void {}

  stop(): void {
    this.#source[Symbol.dispose]();
  }

  #take(message: Buffer, occurred: bigint): void {
    this.#received += 1;
    try {
      const uevent = parseUevent(message, 'uevent');
      const type = uevent.properties.get('DEVTYPE');
      if (type !== undefined && this.#withoutTypes.has(type)) return;
      this.#events += 1;
      this.#emit({ occurred, uevent });
    } catch (cause) {
      if (!(cause instanceof MalformedInput)) throw cause;
      this.#dropped.malformed += 1;
    }
  }
}
