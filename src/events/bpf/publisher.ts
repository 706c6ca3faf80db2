import { MalformedInput } from '../../base/errors.ts';
import { parseBpfSample } from '../../parse/bpf-sample.ts';
import type { BpfEvent } from '../../schema/bpf-event.ts';
import type { Publisher, PublisherCounts } from '../publisher.ts';

/** Our programs in the kernel, or a recording of what they wrote. */
export interface SampleSource {
  readonly fd: number;
  /** Milliseconds that it has room for what comes. */
  readonly patience: number;
  /** Gives samples, each good only until `take` returns, at most so many; whether there may be more. */
  consume(take: (sample: Buffer) => void, max: number): boolean;
  /** Samples that found no room, since the start. */
  lost(): number;
  [Symbol.dispose](): void;
}

/** Samples of one `read`: the others have their turn, and what was heard is stored. */
const SAMPLES_A_READ = 4096;
/** How often losses are asked for. */
const COUNT_MS = 1000;

/** Hears programs and sockets from programs of our own in the kernel. */
export class BpfPublisher implements Publisher {
  readonly name = 'BPFEventPublisher';
  readonly #source: SampleSource;
  readonly #emit: (event: BpfEvent) => void;
  readonly #now: () => number;
  readonly #bootedAt: () => bigint;
  #booted: bigint;
  #counted = 0;
  #events = 0;
  #malformed = 0;
  #overrun = 0;

  /**
   * `now`: milliseconds of a clock that never goes back; `bootedAt`: nanoseconds since the epoch when the machine was booted,
   * by the clock of now.
   */
  constructor(source: SampleSource, emit: (event: BpfEvent) => void, now: () => number, bootedAt: () => bigint) {
    this.#source = source;
    this.#emit = emit;
    this.#now = now;
    this.#bootedAt = bootedAt;
    this.#booted = bootedAt();
  }

  get fds(): readonly number[] {
    return [this.#source.fd];
  }

  get patience(): number {
    return this.#source.patience;
  }

  get counts(): PublisherCounts {
    const received = this.#events + this.#malformed;
    return { received, events: this.#events, dropped: { overrun: this.#overrun, malformed: this.#malformed } };
  }

  read(): boolean {
    return this.#source.consume((sample) => this.#take(sample), SAMPLES_A_READ);
  }

  tick(): void {
    if (this.#now() - this.#counted < COUNT_MS) return;
    this.#counted = this.#now();
    this.#booted = this.#bootedAt();
    this.#overrun = this.#source.lost();
  }

  stop(): void {
    // What came since it was last asked.
    this.#overrun = this.#source.lost();
    this.#source[Symbol.dispose]();
  }

  #take(bytes: Buffer): void {
    try {
      const sample = parseBpfSample(bytes);
      this.#events += 1;
      this.#emit({ occurred: this.#booted + sample.bootTime, sample });
    } catch (cause) {
      if (!(cause instanceof MalformedInput)) throw cause;
      this.#malformed += 1;
    }
  }
}
