import { MalformedInput } from '../../base/errors.ts';
import { closeAll, createMap, readCounter, startProgram } from '../../host/linux/bpf/kernel.ts';
import { RingBuffer } from '../../host/linux/bpf/ring-buffer.ts';
import { parseBpfSample } from '../../parse/bpf-sample.ts';
import type { Btf } from '../../parse/btf.ts';
import type { BpfEvent } from '../../schema/bpf-event.ts';
import type { Publisher, PublisherCounts } from '../publisher.ts';
import { offsetsOf } from './offsets.ts';
import { BEGUN_BYTES, SCRATCH_BYTES } from './program.ts';
import { execPrograms, socketPrograms } from './programs.ts';

export interface BpfOptions {
  readonly processEvents: boolean;
  readonly socketEvents: boolean;
  /** Bytes that wait in the kernel, a power of two. */
  readonly ringSize: number;
}

/** Samples of one `read`: the others have their turn, and what was heard is stored. */
const SAMPLES_A_READ = 4096;
/** Calls that are under way at once; of more the oldest have no duration. */
const MAX_BEGUN = 4096;
/** Kinds of samples, and one for none. */
const KINDS = 8;
/**
 * Bytes that two processors write in a second at most, three times over: 60,000 samples of 160. What is stored with one commit
 * costs a third less if it came in 100 ms than in 25.
 */
const RING_A_SECOND = 32 * 1024 * 1024;
const MAX_PATIENCE_MS = 100;
/** How often losses are asked for. */
const COUNT_MS = 1000;

/** Hears programs and sockets from programs of our own in the kernel. */
export class BpfPublisher implements Publisher {
  readonly name = 'BPFEventPublisher';
  readonly #ring: RingBuffer;
  readonly #lost: number;
  readonly #descriptors: number[] = [];
  readonly #emit: (event: BpfEvent) => void;
  readonly #now: () => number;
  readonly #bootedAt: () => bigint;
  readonly #ringSize: number;
  #booted: bigint;
  #counted = 0;
  #events = 0;
  #malformed = 0;
  #overrun = 0;

  /**
   * `tracepoint`: the number of one of a system call. `now`: milliseconds of a clock that never goes back; `bootedAt`:
   * nanoseconds since the epoch when the machine was booted, by the clock of now. Throws `HostError` where the kernel does
   * not let us, or is too old.
   */
  constructor(
    btf: Btf,
    options: BpfOptions,
    tracepoint: (name: string) => number,
    emit: (event: BpfEvent) => void,
    now: () => number,
    bootedAt: () => bigint,
  ) {
    this.#emit = emit;
    this.#ringSize = options.ringSize;
    this.#now = now;
    this.#bootedAt = bootedAt;
    this.#booted = bootedAt();
    this.#ring = new RingBuffer('osquery_ring', options.ringSize);
    try {
      this.#lost = this.#map('array', 'osquery_lost', 8, KINDS);
      const maps = {
        ring: this.#ring.fd,
        lost: this.#lost,
        scratch: this.#map('perCpuArray', 'osquery_sample', SCRATCH_BYTES, 1),
        begun: this.#map('lruHash', 'osquery_begun', BEGUN_BYTES, MAX_BEGUN, 8),
      };
      const offsets = offsetsOf(btf);
      const programs = [
        ...(options.processEvents ? execPrograms(offsets, maps) : []),
        ...(options.socketEvents ? socketPrograms(offsets, maps) : []),
      ];
      for (const { program, tracepoint: name } of programs) {
        const place = name.startsWith('sys_') ? { id: tracepoint(name) } : { raw: name };
        this.#descriptors.push(...startProgram(name.replace(/^(sys|sched)_/, 'osq_'), program.code(), place));
      }
    } catch (cause) {
      this.stop();
      throw cause;
    }
  }

  get fds(): readonly number[] {
    return [this.#ring.fd];
  }

  get patience(): number {
    return Math.min(MAX_PATIENCE_MS, (this.#ringSize / RING_A_SECOND) * 1000);
  }

  get counts(): PublisherCounts {
    const received = this.#events + this.#malformed;
    return { received, events: this.#events, dropped: { overrun: this.#overrun, malformed: this.#malformed } };
  }

  read(): boolean {
    return this.#ring.consume((sample) => this.#take(sample), SAMPLES_A_READ);
  }

  tick(): void {
    if (this.#now() - this.#counted < COUNT_MS) return;
    this.#counted = this.#now();
    this.#booted = this.#bootedAt();
    let overrun = 0;
    for (let kind = 0; kind < KINDS; kind++) overrun += readCounter(this.#lost, kind);
    this.#overrun = overrun;
  }

  stop(): void {
    closeAll(this.#descriptors.reverse());
    this.#ring[Symbol.dispose]();
  }

  #map(kind: 'array' | 'perCpuArray' | 'lruHash', name: string, value: number, entries: number, key = 4): number {
    const fd = createMap(kind, name, key, value, entries);
    this.#descriptors.push(fd);
    return fd;
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
