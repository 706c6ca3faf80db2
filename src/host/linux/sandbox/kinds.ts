import type { Capability } from './capabilities.ts';
import { descriptorsOf } from './descriptors-of.ts';
import { usesOtherNameServices } from './name-services.ts';
import type { SandboxRules } from './sandbox.ts';

/** To read every file, and other processes. */
const TABLES: readonly Capability[] = ['CAP_DAC_READ_SEARCH', 'CAP_SYS_PTRACE'];
/** memory_map and attributes that are called `trusted`; addresses of kernel_modules. */
const SOME_TABLES: readonly Capability[] = ['CAP_SYS_ADMIN', 'CAP_SYSLOG'];
/** What publishers need after their start. */
const PUBLISHERS: Readonly<Record<string, readonly Capability[]>> = {
  auditeventpublisher: ['CAP_AUDIT_CONTROL', 'CAP_AUDIT_READ', 'CAP_SYS_PTRACE'],
  BPFEventPublisher: ['CAP_BPF', 'CAP_PERFMON'],
};

/** Of a thread that runs SQL. `events`: the file that it reads events from, which is open and was read from. */
export function sqlRules(events: string | undefined): SandboxRules {
  return {
    capabilities: [...TABLES, ...SOME_TABLES],
    needed: TABLES,
    calls: {
      sockets: ['unix', 'netlink'],
      // Whoever reads a database with a log notes in the log's index how far.
      shared: events === undefined ? [] : descriptorsOf(`${events}-shm`),
      nameServices: usesOtherNameServices(),
    },
    filesOnly: false,
  };
}

/** Of a thread that reads files, and only files: it scans them, or takes digests of them. */
export function filesRules(): SandboxRules {
  const capabilities: readonly Capability[] = ['CAP_DAC_READ_SEARCH'];
  return { capabilities, needed: capabilities, calls: { sockets: [] }, filesOnly: true };
}

/** Of a thread that hears of files and looks at them; it marks file systems that are mounted later, too. */
export function fileEventsRules(): SandboxRules {
  return {
    capabilities: ['CAP_DAC_READ_SEARCH', 'CAP_SYS_ADMIN'],
    needed: ['CAP_DAC_READ_SEARCH'],
    calls: { sockets: [], hears: true },
    filesOnly: true,
  };
}

/** Of the thread that hears events and keeps them in a database, which is open; with the publishers that are started. */
export function eventsRules(path: string, publishers: readonly string[]): SandboxRules {
  const shared = descriptorsOf(`${path}-shm`);
  const written = [...descriptorsOf(path), ...descriptorsOf(`${path}-wal`), ...shared];
  const capabilities = publishers.flatMap((name) => PUBLISHERS[name] ?? []);
  return {
    capabilities: ['CAP_DAC_READ_SEARCH', ...capabilities],
    needed: ['CAP_DAC_READ_SEARCH', ...capabilities.filter((name) => name === 'CAP_SYS_PTRACE')],
    calls: { sockets: ['netlink'], written, shared, hears: true },
    filesOnly: false,
  };
}
