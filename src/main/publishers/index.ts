import { audit } from './audit.ts';
import { bpf } from './bpf.ts';
import type { Starter } from './starter.ts';

/** All that hear events, by osquery's names of them. */
export const starters: ReadonlyMap<string, Starter> = new Map([audit, bpf].map((starter) => [starter.name, starter]));
