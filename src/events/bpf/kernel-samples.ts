import { closeAll, createMap, readCounter, startProgram } from '../../host/linux/bpf/kernel.ts';
import { RingBuffer } from '../../host/linux/bpf/ring-buffer.ts';
import type { Btf } from '../../parse/btf.ts';
import { offsetsOf } from './offsets.ts';
import { BEGUN_BYTES, SCRATCH_BYTES } from './program.ts';
import { execPrograms, socketPrograms } from './programs.ts';
import type { SampleSource } from './publisher.ts';

export interface BpfOptions {
  readonly processEvents: boolean;
  readonly socketEvents: boolean;
  /** Bytes that wait in the kernel, a power of two. */
  readonly ringSize: number;
}

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

/** Programs of ours in the kernel, and the ring that they write samples to. */
export class KernelSamples implements SampleSource {
  readonly patience: number;
  readonly #ring: RingBuffer;
  readonly #lost: number;
  readonly #descriptors: number[] = [];

  /**
   * `processors`: those that are online; `tracepoint`: the number of one of a system call. Throws `HostError` where the kernel
   * does not let us, or is too old.
   */
  constructor(btf: Btf, options: BpfOptions, processors: readonly number[], tracepoint: (name: string) => number) {
    this.patience = Math.min(MAX_PATIENCE_MS, (options.ringSize / RING_A_SECOND) * 1000);
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
      for (const { program, tracepoint: name, everywhere } of programs) {
        const on = everywhere ? processors : processors.slice(0, 1);
        const place = name.startsWith('sys_') ? { id: tracepoint(name), processors: on } : { raw: name };
        this.#descriptors.push(...startProgram(name.replace(/^(sys|sched)_/, 'osq_'), program.code(), place));
      }
    } catch (cause) {
      this[Symbol.dispose]();
      throw cause;
    }
  }

  get fd(): number {
    return this.#ring.fd;
  }

  consume(take: (sample: Buffer) => void, max: number): boolean {
    return this.#ring.consume(take, max);
  }

  lost(): number {
    let lost = 0;
    for (let kind = 0; kind < KINDS; kind++) lost += readCounter(this.#lost, kind);
    return lost;
  }

  [Symbol.dispose](): void {
    closeAll(this.#descriptors.reverse());
    this.#ring[Symbol.dispose]();
  }

  #map(kind: 'array' | 'perCpuArray' | 'lruHash', name: string, value: number, entries: number, key = 4): number {
    const fd = createMap(kind, name, key, value, entries);
    this.#descriptors.push(fd);
    return fd;
  }
}
