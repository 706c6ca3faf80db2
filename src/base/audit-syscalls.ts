import { SYSCALLS } from './syscall-names.ts';

/** `AUDIT_ARCH_*` of `include/uapi/linux/audit.h`: what records and rules say of the architecture. */
const ARCHITECTURES: Readonly<Record<string, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

export const EXEC_CALLS = ['execve', 'execveat'] as const;
export const FORK_CALLS = ['fork', 'vfork', 'clone', 'clone3'] as const;
export const KILL_CALLS = ['kill', 'tkill', 'tgkill'] as const;
export const SOCKET_CALLS = ['connect', 'bind', 'listen'] as const;
export const ACCEPT_CALLS = ['accept', 'accept4'] as const;
/** Calls that name files, and make, move or remove them. */
export const NAME_CALLS =
  'rename renameat renameat2 unlink unlinkat rmdir link linkat symlink symlinkat mkdir mkdirat mknod mknodat truncate'.split(
    ' ',
  );
/** Calls that change open files; `mmap` does where memory that is shared may be written. */
export const WRITE_CALLS =
  'write pwrite64 writev pwritev pwritev2 ftruncate fallocate copy_file_range sendfile mmap'.split(' ');
export const READ_CALLS = 'read pread64 readv preadv preadv2'.split(' ');
export const OPEN_CALLS = 'open openat openat2 creat'.split(' ');
/** Calls that make other descriptors of open files, and close them; of `fcntl` and `ioctl` those that do. */
export const DESCRIPTOR_CALLS = 'close close_range dup dup2 dup3 fcntl ioctl'.split(' ');

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
