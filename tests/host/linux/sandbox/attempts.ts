import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  constants,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { callNumber } from '../../../../src/base/audit-syscalls.ts';
import { addressOf, libc } from '../../../../src/host/linux/native.ts';
import { rawCall } from '../../../../src/host/linux/sandbox/raw-call.ts';

/** What the attempts are made on. */
export interface Targets {
  /** Only root's, below /tmp, with the files `file` and `gone`. */
  readonly folder: string;
  /** The process has it open for writing. */
  readonly log: number;
  /** Another process. */
  readonly pid: number;
  /** Who listens there, on the loopback interface. */
  readonly port: number;
}

const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC } = constants;
const PTRACE_SEIZE = 0x4206;
const CLONE_NEWUTS = 0x04000000;
const SIGCHLD = 17;
const MAP_SHARED = 1;
const PROT_READ_WRITE = 3;

/** Names to what code inside a thread may try; each returns if it could, and throws what the kernel said. */
export function attempts({ folder, log, pid, port }: Targets): Record<string, () => unknown> {
  const call = (name: string, ...parts: number[]) => rawCall(callNumber(name, process.arch), ...parts);
  const text = (value: string) => addressOf(Buffer.from(`${value}\0`));
  const file = `${folder}/file`;
  const address = Buffer.alloc(16);
  address.writeUInt16LE(2, 0);
  address.writeUInt16BE(port, 2);
  address.writeUInt32BE(0x7f000001, 4);
  const how = (flags: number, mode: number) => {
    const bytes = Buffer.alloc(24);
    bytes.writeBigUInt64LE(BigInt(flags), 0);
    bytes.writeBigUInt64LE(BigInt(mode), 8);
    return addressOf(bytes);
  };
  const openat2 = (path: string, flags: number, mode = 0) => call('openat2', -100, text(path), how(flags, mode), 24);
  return {
    'write in the folder': () => writeFileSync(`${folder}/new`, 'x'),
    'write in /tmp': () => writeFileSync(`${folder}-written`, 'x'),
    'open one of root’s': () => openSync('/etc/passwd', O_RDWR),
    'write over a file': () => writeFileSync(file, 'x'),
    'open for writing': () => openSync(file, O_WRONLY),
    'open for both': () => openSync(file, O_RDWR),
    'open and shorten': () => openSync(file, O_TRUNC),
    'openat2 for writing': () => openat2(file, O_WRONLY),
    'openat2 to make one in /tmp': () => openat2(`${folder}-opened`, O_WRONLY | O_CREAT, 0o600),
    'openat2 to shorten': () => openat2(file, O_TRUNC),
    'memory of ours as a file': () => openSync('/proc/self/mem', O_RDWR),
    'write to what is open': () => writeSync(log, 'a line of a log\n'),
    'write at a position of what is open': () => writeSync(log, 'a line of a log\n', 0),
    'write parts to what is open': () => call('writev', log, 0, 0),
    'share memory with what is open': () => call('mmap', 0, 4096, PROT_READ_WRITE, MAP_SHARED, log, 0),
    'write to standard output': () => call('write', 1, addressOf(Buffer.alloc(8)), 0),
    rename: () => renameSync(file, file),
    link: () => linkSync(file, `${folder}/link`),
    symlink: () => symlinkSync(file, `${folder}/symlink`),
    mkdir: () => mkdirSync(`${folder}/made`),
    'mkdir in /tmp': () => mkdirSync(`${folder}-made`),
    mkfifo: () => call('mknodat', -100, text(`${folder}-pipe`), 0o10600, 0),
    chmod: () => chmodSync(file, 0o777),
    truncate: () => truncateSync(file, 0),
    utimes: () => utimesSync(file, 0, 0),
    unlink: () => unlinkSync(`${folder}/gone`),
    setxattr: () => call('setxattr', text(file), text('user.a'), text('b'), 1, 0),
    'run a program': () => {
      const { error } = spawnSync('/bin/true');
      if (error !== undefined) throw error;
    },
    execve: () => call('execve', text('/bin/nothing-of-this-name'), 0, 0),
    fork: () => {
      if (call('clone', SIGCHLD, 0, 0, 0, 0) === 0) libc('void _exit(int code)')(0);
    },
    'connect to a port': () => {
      const fd = call('socket', 2, 1, 0);
      call('connect', fd, addressOf(address), address.length);
    },
    'make a socket of datagrams': () => call('socket', 2, 2, 0),
    'make a raw socket': () => call('socket', 17, 3, 0),
    listen: () => call('listen', log, 1),
    ptrace: () => call('ptrace', PTRACE_SEIZE, pid, 0, 0),
    'read memory of another': () => call('process_vm_readv', pid, 0, 0, 0, 0, 0),
    'take a descriptor of another': () => call('pidfd_getfd', call('pidfd_open', pid, 0), 0, 0),
    'signal to the first process': () => process.kill(1, 0),
    'signal to another': () => call('tgkill', pid, pid, 0),
    mount: () => call('mount', text('none'), text(folder), text('nothing'), 0, 0),
    'detach a tree of mounts': () => call('open_tree', -100, text('/'), 1),
    'enter a namespace': () => call('setns', openSync('/proc/self/ns/uts', 'r'), 0),
    'leave a namespace': () => call('unshare', CLONE_NEWUTS),
    bpf: () => call('bpf', 0, 0, 0),
    perf_event_open: () => call('perf_event_open', 0, 0, -1, -1, 0),
    'load a module': () => call('init_module', 0, 0, 0),
    reboot: () => call('reboot', 0, 0, 0, 0),
    'set the name of the machine': () => call('sethostname', 0, -1),
    'set the clock': () => call('clock_settime', 0, 0),
    io_uring: () => call('io_uring_setup', 0, 0),
    'use a ring': () => call('io_uring_enter', 0, 0, 0, 0, 0, 0),
    'terminal input': () => call('ioctl', 0, 0x5412, text('x')),
    'be root again': () => call('setresuid', 0, 0, 0),
    'take capabilities': () => call('capset', 0, 0),
    'be dumped': () => call('prctl', 4, 1),
    'have other limits': () => call('prlimit64', 0, 0, addressOf(Buffer.alloc(16, 0xff))),
    'a call that is not known': () => rawCall(1000),
  };
}

/** What each attempt came to: `done`, or what the kernel said. */
export function tryAll(targets: Targets): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attempts(targets)).map(([name, attempt]) => {
      try {
        attempt();
        return [name, 'done'];
      } catch (cause) {
        const { code, message } = cause as NodeJS.ErrnoException;
        return [name, code ?? message];
      }
    }),
  );
}
