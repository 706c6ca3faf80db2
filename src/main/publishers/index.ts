import { audit } from './audit.ts';
import { bpf } from './bpf.ts';
import { inotify } from './inotify.ts';
import type { Starter } from './starter.ts';
import { syslog } from './syslog.ts';
import { udev } from './udev.ts';

/** All that hear events, by osquery's names of them. */
export const starters: ReadonlyMap<string, Starter> = new Map(
  [audit, bpf, inotify, syslog, udev].map((starter) => [starter.name, starter]),
);
