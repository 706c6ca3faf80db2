/** What a machine says of itself where its kernel does not let our programs run. */
export interface RefusingMachine {
  /** `uname -r`. */
  readonly release: string;
  /** Whether it has the types of the kernel. */
  readonly hasTypes: boolean;
  /** `/sys/kernel/security/lockdown`, as `none integrity [confidentiality]`; empty where there is none. */
  readonly lockdown: string;
  readonly isRoot: boolean;
}

/** The first one that has a ring that programs write to. */
const NEEDED: readonly [number, number] = [5, 8];

/** Why there are no events of eBPF, and what to do. `cause`: what the kernel refused. */
export function refusal(machine: RefusingMachine, cause: string): string {
  const needs = 'need root, Linux 5.8 or later with CONFIG_DEBUG_INFO_BTF and CONFIG_FTRACE_SYSCALLS';
  // Who is not root cannot hear audit either.
  const instead = machine.isRoot
    ? '; audit runs there: --disable_audit=false, with process_events and socket_events'
    : '';
  return `events of eBPF ${needs}: ${missing(machine, cause)}${instead}`;
}

function missing({ release, hasTypes, lockdown }: RefusingMachine, cause: string): string {
  const without = (option: string) => `Linux ${release} has been built without ${option}`;
  if (isOlder(release)) return `this is Linux ${release}`;
  if (!hasTypes) return without('CONFIG_DEBUG_INFO_BTF');
  if (lockdown.includes('[confidentiality]')) {
    return 'the kernel is locked down (confidentiality), nobody may read its memory';
  }
  return /events\/syscalls\/\S+: ENOENT$/.test(cause) ? without('CONFIG_FTRACE_SYSCALLS') : cause;
}

/** A release that has no number is not known to be older. */
function isOlder(release: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  if (major === undefined) return false;
  return Number(major) < NEEDED[0] || (Number(major) === NEEDED[0] && Number(minor) < NEEDED[1]);
}
