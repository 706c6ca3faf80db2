import { SYSCALLS } from './syscall-names.ts';

/** `AUDIT_ARCH_*` of `include/uapi/linux/audit.h`: what records and rules say of the architecture. */
const ARCHITECTURES: Readonly<Record<string, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

export const EXEC_CALLS = ['execve', 'execveat'] as const;
export const FORK_CALLS = ['fork', 'vfork', 'clone', 'clone3'] as const;
export const KILL_CALLS = ['kill', 'tkill', 'tgkill'] as const;
export const SOCKET_CALLS = ['connect', 'bind', 'listen'] as const;
export const ACCEPT_CALLS = ['accept', 'accept4'] as const;

/** Names of calls to their numbers, by `process.arch`. */
const NUMBERS: Readonly<Record<string, ReadonlyMap<string, number>>> = Object.fromEntries(
  Object.entries(SYSCALLS).map(([arch, names]) => [arch, new Map([...names].map(([number, name]) => [name, number]))]),
);

/** What records call an architecture, in hexadecimal, to its names of calls. */
const NAMES: ReadonlyMap<string, ReadonlyMap<number, string>> = new Map(
  Object.entries(ARCHITECTURES).map(([arch, number]) => [number.toString(16), SYSCALLS[arch]!]),
);

/** The number of a call on an architecture; undefined where there is no such call. */
export function callNumber(name: string, arch: string): number | undefined {
  return NUMBERS[arch]?.get(name);
}

/** What the kernel calls the architecture; undefined for one that we know nothing of. */
export function auditArchitecture(arch: string): number | undefined {
  return ARCHITECTURES[arch];
}

/** The name of a call in a record, whose `arch` is hexadecimal. */
export function callName(architecture: string, number: number): string | undefined {
  return NAMES.get(architecture)?.get(number);
}
