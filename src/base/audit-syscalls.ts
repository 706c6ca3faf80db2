/** Numbers of system calls whose events we hear, by `process.arch`; `asm/unistd.h`, `asm-generic/unistd.h`. */
const NUMBERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  x64: {
    ...{ execve: 59, execveat: 322, fork: 57, vfork: 58, clone: 56, clone3: 435, kill: 62, tkill: 200, tgkill: 234 },
    ...{ connect: 42, accept: 43, bind: 49, listen: 50, accept4: 288 },
  },
  arm64: {
    ...{ execve: 221, execveat: 281, clone: 220, clone3: 435, kill: 129, tkill: 130, tgkill: 131 },
    ...{ connect: 203, accept: 202, bind: 200, listen: 201, accept4: 242 },
  },
};

/** `AUDIT_ARCH_*` of `include/uapi/linux/audit.h`: what records and rules say of the architecture. */
const ARCHITECTURES: Readonly<Record<string, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

export const EXEC_CALLS = ['execve', 'execveat'] as const;
export const FORK_CALLS = ['fork', 'vfork', 'clone', 'clone3'] as const;
export const KILL_CALLS = ['kill', 'tkill', 'tgkill'] as const;
export const SOCKET_CALLS = ['connect', 'bind', 'listen'] as const;
export const ACCEPT_CALLS = ['accept', 'accept4'] as const;

/** The number of a call on an architecture; undefined where there is no such call. */
export function callNumber(name: string, arch: string): number | undefined {
  return NUMBERS[arch]?.[name];
}

/** What the kernel calls the architecture; undefined for one that we know nothing of. */
export function auditArchitecture(arch: string): number | undefined {
  return ARCHITECTURES[arch];
}

const names = new Map<string, string>();

/** The name of a call in a record, whose `arch` is hexadecimal. */
export function callName(architecture: string, number: number): string | undefined {
  if (names.size === 0) {
    for (const [arch, calls] of Object.entries(NUMBERS)) {
      for (const [name, its] of Object.entries(calls)) names.set(`${ARCHITECTURES[arch]!.toString(16)} ${its}`, name);
    }
  }
  return names.get(`${architecture} ${number}`);
}
