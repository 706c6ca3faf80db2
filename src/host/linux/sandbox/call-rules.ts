import { auditArchitecture, callNumber } from '../../../base/audit-syscalls.ts';
import { SYSCALLS } from '../../../base/syscall-names.ts';
import type { CallRule, Condition, FilterRules } from './filter-program.ts';

/** Programs, and processes of its own. */
const EXECUTE = 'execve execveat fork vfork uselib';
/** Other processes: their memory, their descriptors, signals to them. */
const OTHERS = `ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_getfd
  pidfd_send_signal kill tkill rt_sigqueueinfo rt_tgsigqueueinfo setpgid move_pages migrate_pages`;
/** The machine: its mounts, modules, clocks, names, and what a kernel runs for others. */
const MACHINE = `mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree open_tree_attr move_mount
  mount_setattr setns unshare init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff
  sethostname setdomainname settimeofday clock_settime adjtimex clock_adjtime acct quotactl quotactl_fd syslog vhangup
  iopl ioperm modify_ldt add_key request_key keyctl userfaultfd perf_event_open nfsservctl lookup_dcookie personality`;
/** Who the thread is. */
const IDENTITY = `setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset`;
/** Names of files, who they belong to, and what else is kept of them. */
const NAMES = `creat unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat mkdir mkdirat rmdir mknod
  mknodat chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat truncate utime utimes futimesat utimensat
  setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr`;
/** What is in files, but for `write`, which has a rule of its own. */
const CONTENT = `fallocate writev pwritev pwritev2 sendfile splice vmsplice tee copy_file_range
  io_uring_setup io_uring_register io_setup io_submit remap_file_pages memfd_secret`;
/** Ends of connections that others come to, and what is shared with them without a descriptor. */
const MEETING = `bind listen accept accept4 socketpair shmget shmat shmctl semget semop semtimedop semctl msgget msgsnd
  msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr`;
/** Calls of those that hear events. */
const HEARING = 'bpf fanotify_init fanotify_mark open_by_handle_at';
/** Their arguments lie in memory, which a filter does not see; the C library uses others where they are not there. */
const ABSENT = 'clone3';

/** `O_WRONLY | O_RDWR | O_CREAT | O_TRUNC` and of `O_TMPFILE` the bit that is its own. */
const O_CHANGES = 0o3 | 0o100 | 0o1000 | 0o20000000;
const CLONE_THREAD = 0x10000;
/** `eventfd(2)` takes so many bytes: how one thread wakes another. */
const WAKE_BYTES = 8;
const FAMILIES = { unix: 1, netlink: 16 } as const;
/** `mmap(2)`: with a file, changes of memory are changes of the file. */
const MAP_SHARED = 0x1;
const MAP_ANONYMOUS = 0x20;
/** `TCGETS`, `TIOCGWINSZ`, `FIONREAD`, `FIONBIO`, `FIONCLEX`, `FIOCLEX`. */
const IOCTLS = [0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451];
/** `PR_GET_DUMPABLE`, `PR_SET_NAME`, `PR_GET_NAME`, `PR_GET_SECCOMP`, `PR_GET_NO_NEW_PRIVS`, `PR_SET_VMA`. */
const PRCTLS = [3, 15, 16, 21, 39, 0x53564d41];
const BPF_MAP_LOOKUP_ELEM = 1;

/** What a thread may do that others may not. */
export interface Allowances {
  /** Descriptors of files that it writes to, by positions: a database. */
  readonly written?: readonly number[];
  /** Descriptors of files whose pages it shares and writes to: the index of a database's log. */
  readonly shared?: readonly number[];
  /** Sockets that it makes: to name services, to the kernel. */
  readonly sockets: readonly (keyof typeof FAMILIES)[];
  /** Where the arguments of `openat2` lie; undefined for wherever they do. */
  readonly hows?: { readonly address: number; readonly size: number } | undefined;
  /** Whether accounts come from name services that talk over the network, or with `write`. */
  readonly nameServices?: boolean;
  /** Whether its loop has a ring of io_uring: libuv aborts the process where that is closed to it. */
  readonly rings?: boolean;
  /** Whether it hears events. */
  readonly hears?: boolean;
}

/** The rules for a thread that reads; undefined for a processor that we know no calls of. */
export function callRules(allowances: Allowances, arch: string = process.arch): FilterRules | undefined {
  const architecture = auditArchitecture(arch);
  const names = SYSCALLS[arch];
  if (architecture === undefined || names === undefined) return undefined;
  const rules = boundedCalls(allowances);
  const numbers = (text: string) =>
    text
      .trim()
      .split(/\s+/)
      .filter((name) => !rules.has(name))
      .flatMap((name) => callNumber(name, arch) ?? []);
  return {
    architecture,
    last: Math.max(...names.keys()),
    refused: [EXECUTE, OTHERS, MACHINE, IDENTITY, NAMES, CONTENT, MEETING, HEARING].flatMap(numbers),
    absent: numbers(ABSENT),
    bounded: [...rules].flatMap(([name, allowed]): CallRule[] => {
      const number = callNumber(name, arch);
      return number === undefined ? [] : [{ number, allowed }];
    }),
  };
}

/** Those that are allowed with some arguments. */
function boundedCalls(allowances: Allowances): Map<string, readonly (readonly Condition[])[]> {
  const { written = [], shared = [], sockets, hows, nameServices = false, rings = false, hears = false } = allowances;
  const families = sockets.map((name) => FAMILIES[name]);
  const readOnly = (argument: number): Condition => ({ argument, mask: O_CHANGES, in: [0] });
  // Where V8 and the C library say why they end the process.
  const toErrors: Condition[] = [{ argument: 0, in: [2] }];
  const onWritten: Condition[][] = written.length === 0 ? [] : [[{ argument: 0, in: written }]];
  const rules = new Map<string, readonly (readonly Condition[])[]>([
    ['openat', [[readOnly(2)]]],
    ['open', [[readOnly(1)]]],
    // What is given to another thread wakes it so.
    [
      'write',
      [
        [
          { argument: 2, in: [WAKE_BYTES], whole: true },
          { argument: 0, out: [0, 1] },
        ],
        toErrors,
      ],
    ],
    ['writev', [toErrors]],
    ['pwrite64', onWritten],
    ['ftruncate', onWritten],
    [
      'mmap',
      [
        [{ argument: 3, mask: MAP_SHARED, in: [0] }],
        [{ argument: 3, mask: MAP_ANONYMOUS, in: [MAP_ANONYMOUS] }],
        ...(shared.length === 0 ? [] : [[{ argument: 4, in: shared }]]),
      ],
    ],
    ['clone', [[{ argument: 0, mask: CLONE_THREAD, in: [CLONE_THREAD] }]]],
    ['tgkill', [[{ argument: 0, in: [process.pid] }]]],
    ['ioctl', [[{ argument: 1, in: IOCTLS }]]],
    ['prctl', [[{ argument: 0, in: PRCTLS }]]],
    // With new limits only if there are some.
    ['prlimit64', [[{ argument: 2, in: [0], whole: true }]]],
    ['setrlimit', []],
    ['socket', families.length === 0 ? [] : [[{ argument: 0, in: families }]]],
    ['connect', sockets.includes('unix') ? [[]] : []],
  ]);
  if (!rings) rules.set('io_uring_enter', []);
  if (hows !== undefined) rules.set('openat2', [within(2, hows)]);
  if (nameServices) for (const name of ['write', 'socket', 'connect', 'writev']) rules.delete(name);
  if (hears) {
    rules.set('bpf', [[{ argument: 0, in: [BPF_MAP_LOOKUP_ELEM] }]]);
    // Of the kernel's sockets, the only ones that it makes.
    rules.set('bind', [[]]);
    rules.set('fanotify_mark', [[]]);
    rules.set('open_by_handle_at', [[readOnly(2)]]);
  }
  return rules;
}

/** That an address lies within memory of a size that is a power of 2, and of which the address is a multiple. */
function within(argument: number, { address, size }: { readonly address: number; readonly size: number }): Condition[] {
  return [
    { argument, mask: ~(size - 1), in: [(address % 2 ** 32) >>> 0] },
    { argument, upper: true, in: [Math.floor(address / 2 ** 32)] },
  ];
}
