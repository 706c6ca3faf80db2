import { audit } from './audit.ts';
import { bpf } from './bpf.ts';
import type { Starter } from './starter.ts';
import { udev } from './udev.ts';

/** All that hear events, by osquery's names of them. */
export const starters: ReadonlyMap<string, Starter> = new Map(
  [audit, bpf, udev].map((starter) => [starter.name, starter]),
);
