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
export function refusal({ release, hasTypes, lockdown, isRoot }: RefusingMachine, cause: string): string {
  const needs = 'need root, Linux 5.8 or later with CONFIG_DEBUG_INFO_BTF and CONFIG_FTRACE_SYSCALLS';
  const why = isOlder(release)
    ? `this is Linux ${release}`
    : !hasTypes
      ? `Linux ${release} has been built without CONFIG_DEBUG_INFO_BTF`
      : lockdown.includes('[confidentiality]')
        ? 'the kernel is locked down (confidentiality), nobody may read its memory'
        : /events\/syscalls\/\S+: ENOENT$/.test(cause)
          ? `Linux ${release} has been built without CONFIG_FTRACE_SYSCALLS`
          : cause;
  // Who is not root cannot hear audit either.
  const instead = isRoot ? '; audit runs there: --disable_audit=false, with process_events and socket_events' : '';
  return `events of eBPF ${needs}: ${why}${instead}`;
}

/** A release that has no number is not known to be older. */
function isOlder(release: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  if (major === undefined) return false;
  return Number(major) < NEEDED[0] || (Number(major) === NEEDED[0] && Number(minor) < NEEDED[1]);
}
