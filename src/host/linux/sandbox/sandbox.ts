import { callNumber } from '../../../base/audit-syscalls.ts';
import type { Allowances } from './call-rules.ts';
import { type Capability, hasCapability, keepCapabilities } from './capabilities.ts';
import { type ConstantHows, constantHows } from './constant-hows.ts';
import { becomeNobody } from './identity.ts';
import { readFilesOnly } from './landlock.ts';
import { rawCall } from './raw-call.ts';
import { hasRings } from './rings.ts';
import { filterCalls } from './seccomp.ts';
import { leaveSignals } from './signals.ts';

/** `prctl(2)` */
const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;

export interface SandboxRules {
  /** Kept of those that the thread has. */
  readonly capabilities: readonly Capability[];
  /** Without one of these the thread stays root: as nobody it would see less than before. */
  readonly needed: readonly Capability[];
  readonly calls: Allowances;
  /** Whether it reads files, and never looks into other processes. */
  readonly filesOnly: boolean;
}

/** What holds a thread, and what does not, with the reason. */
export interface Sandbox {
  readonly holds: readonly string[];
  readonly missing: readonly string[];
}

/**
 * Takes from the thread that calls, and from no other, what its work does not need: see docs/adr/0026-sandbox.md. It never
 * throws: the thread does its work without what the kernel, a container or the processor does not have.
 */
export function restrictThread({ capabilities, needed, calls, filesOnly }: SandboxRules): Sandbox {
  const holds: string[] = [];
  const missing: string[] = [];
  const attempt = (name: string, take: () => void): void => {
    try {
      take();
      holds.push(name);
    } catch (cause) {
      missing.push(`${name} (${(cause as Error).message})`);
    }
  };
  attempt('no new privileges', () => prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  if (filesOnly) attempt('Landlock', readFilesOnly);
  if (process.geteuid!() === 0) {
    attempt('as nobody with few capabilities', () => becomeNobodyWith(capabilities, needed));
  }
  const rings = hasRings();
  // Before the filter, which does not let it be made.
  let hows: ConstantHows | undefined;
  attempt('openat2 that only finds', () => {
    hows = constantHows();
  });
  attempt('filter of system calls', () => {
    leaveSignals();
    filterCalls({ ...calls, hows, rings });
  });
  if (rings) missing.push('rings of io_uring closed (libuv has one)');
  return { holds, missing };
}

/**
 * Root of a container often lacks capabilities that are needed. There root reads files as their owner or with
 * CAP_DAC_OVERRIDE, and sees only those processes that have no more capabilities than it has: both must stay.
 */
function becomeNobodyWith(capabilities: readonly Capability[], needed: readonly Capability[]): void {
  const lacking = needed.filter((name) => !hasCapability(name));
  if (lacking.length > 0) throw new Error(`no ${lacking.join(', ')}`);
  const dumpable = prctl(PR_GET_DUMPABLE);
  const traces = hasCapability('CAP_SYS_PTRACE');
  becomeNobody();
  keepCapabilities(capabilities);
  // Now the process may not be dumped; root without CAP_SYS_PTRACE, our watcher, could not read how much memory it has.
  if (!traces) prctl(PR_SET_DUMPABLE, dumpable);
}

function prctl(...parts: number[]): number {
  return rawCall(callNumber('prctl', process.arch), ...parts);
}
