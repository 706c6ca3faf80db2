import { type Pack, Packer } from '../../src/store/event-pack.ts';

export interface Heard {
  readonly time: number;
  readonly occurred: bigint;
  readonly text: string;
}

/** Events as they are given to the store. */
export function packed(events: readonly Heard[]): readonly Pack[] {
  const packer = new Packer();
  for (const { time, occurred, text } of events) {
    packer.at(time, occurred);
    packer.text(text);
  }
  return packer.take();
}
