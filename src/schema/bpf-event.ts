import type { BpfSample } from '../parse/bpf-sample.ts';

/** What our programs in the kernel reported. */
export interface BpfEvent {
  /** Nanoseconds since the epoch. */
  readonly occurred: bigint;
  readonly sample: BpfSample;
}
