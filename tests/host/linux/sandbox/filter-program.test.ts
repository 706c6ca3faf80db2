import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditArchitecture, callNumber } from '../../../../src/base/audit-syscalls.ts';
import { type Allowances, callRules } from '../../../../src/host/linux/sandbox/call-rules.ts';
import { filterProgram } from '../../../../src/host/linux/sandbox/filter-program.ts';

const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const HOWS = { address: 0x6f73_7175_0000, size: 65536 };

/** What the kernel makes of the program, `bpf(4)`: what it returns. */
function run(program: Buffer, architecture: number, number: number, values: readonly (number | bigint)[]): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(architecture, 4);
  for (const [i, value] of values.entries()) data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 16 + i * 8);
  let accumulator = 0;
  for (let at = 0; ; at += 8) {
    const [code, yes, no, value] = [
      program.readUInt16LE(at),
      program[at + 2]!,
      program[at + 3]!,
      program.readUInt32LE(at + 4),
    ];
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (code === 0x05) at += value * 8;
    else if (code === 0x15) at += (accumulator === value ? yes : no) * 8;
    else if (code === 0x25) at += (accumulator > value ? yes : no) * 8;
    else if (code === 0x06) return value;
    else assert.fail(`instruction ${code}`);
  }
}

for (const arch of ['x64', 'arm64']) {
  const call = (allowances: Allowances, name: string, ...values: (number | bigint)[]) =>
    run(filterProgram(callRules(allowances, arch)!), auditArchitecture(arch)!, callNumber(name, arch)!, values);
  const reader: Allowances = { sockets: ['unix', 'netlink'], hows: HOWS };

  test(`${arch}: what a thread that reads needs goes on`, () => {
    const flags = {
      clone: [0x3d0f00],
      openat: [-100, 0, 0o2000000],
      write: [5, 0, 8],
      socket: [16, 3, 0],
      ioctl: [3, 0x5421],
    };
    for (const name of ['read', 'pread64', 'mmap', 'mprotect', 'futex', 'statx', 'getdents64', 'exit_group', 'sendto'])
      assert.equal(call(reader, name), ALLOW, name);
    for (const [name, values] of Object.entries(flags)) assert.equal(call(reader, name, ...values), ALLOW, name);
    assert.equal(call(reader, 'openat2', -100, 0, HOWS.address + 24, 24), ALLOW);
    assert.equal(call({ ...reader, rings: true }, 'io_uring_enter', 3, 1, 1, 1), ALLOW);
    assert.equal(call(reader, 'tgkill', process.pid, 1, 6), ALLOW);
    assert.equal(call(reader, 'prlimit64', 0, 7, 0, 1), ALLOW);
  });

  test(`${arch}: what changes something is refused`, () => {
    const names = `execve execveat ptrace process_vm_readv process_vm_writev bpf perf_event_open mount umount2 setns unshare
      init_module finit_module kexec_load reboot unlinkat renameat2 linkat symlinkat mkdirat mknodat fchmodat fchownat truncate
      setxattr removexattr pwrite64 pwritev sendfile splice copy_file_range fallocate io_uring_setup io_uring_enter userfaultfd setresuid
      capset kill bind listen shmat keyctl clock_settime sethostname`;
    for (const name of names.trim().split(/\s+/)) assert.equal(call(reader, name), EPERM, name);
    for (const flags of [0o1, 0o2, 0o100, 0o1000, 0o20200000])
      assert.equal(call(reader, 'openat', -100, 0, flags), EPERM);
    assert.equal(call(reader, 'openat2', -100, 0, HOWS.address + HOWS.size, 24), EPERM);
    assert.equal(call(reader, 'openat2', -100, 0, BigInt(HOWS.address) + (1n << 32n), 24), EPERM);
    assert.equal(call(reader, 'write', 5, 0, 9), EPERM);
    assert.equal(call(reader, 'write', 5, 0, (1n << 32n) + 8n), EPERM);
    assert.equal(call(reader, 'write', 1, 0, 8), EPERM);
    assert.equal(call(reader, 'mmap', 0, 4096, 3, 1, 5), EPERM);
    assert.equal(call(reader, 'clone', 17), EPERM);
    assert.equal(call(reader, 'tgkill', process.pid + 1, 1, 9), EPERM);
    assert.equal(call(reader, 'prlimit64', 0, 7, 1n << 40n, 0), EPERM);
    for (const family of [2, 10, 17]) assert.equal(call(reader, 'socket', family, 1, 0), EPERM);
    assert.equal(call({ sockets: [] }, 'socket', 1, 1, 0), EPERM);
    assert.equal(call({ sockets: [] }, 'connect', 3), EPERM);
  });

  test(`${arch}: what is not known is not there`, () => {
    const program = filterProgram(callRules(reader, arch)!);
    assert.equal(call(reader, 'clone3'), ENOSYS);
    assert.equal(run(program, auditArchitecture(arch)!, 5000, []), ENOSYS);
    // x32, and 32-bit calls.
    assert.equal(run(program, auditArchitecture(arch)!, 0x40000001, []), ENOSYS);
    assert.equal(run(program, 0x40000003, 11, []), ENOSYS);
  });

  test(`${arch}: a thread that hears events writes to its database alone`, () => {
    const events: Allowances = { sockets: ['netlink'], written: [20, 21], shared: [22], hears: true };
    assert.equal(call(events, 'pwrite64', 21, 0, 8192, 0), ALLOW);
    assert.equal(call(events, 'pwrite64', 23, 0, 8192, 0), EPERM);
    assert.equal(call(events, 'ftruncate', 20), ALLOW);
    assert.equal(call(events, 'mmap', 0, 32768, 3, 1, 22), ALLOW);
    assert.equal(call(events, 'mmap', 0, 32768, 3, 1, 20), EPERM);
    assert.equal(call(events, 'bpf', 1), ALLOW);
    assert.equal(call(events, 'bpf', 5), EPERM);
    assert.equal(call(events, 'open_by_handle_at', 3, 0, 0o12000000), ALLOW);
    assert.equal(call(events, 'open_by_handle_at', 3, 0, 1), EPERM);
    assert.equal(call(events, 'socket', 1, 1, 0), EPERM);
  });
}

test('a filter that lets through what it does not know', () => {
  const program = filterProgram({ architecture: 5, last: undefined, refused: [], absent: [7], bounded: [] });
  assert.equal(run(program, 5, 7, []), ENOSYS);
  for (const [architecture, number] of [
    [5, 8],
    [5, 0xffffffff],
    [6, 7],
  ] as const) {
    assert.equal(run(program, architecture, number, []), ALLOW);
  }
});

test('a processor that we know no calls of has no filter', () => {
  assert.equal(callRules({ sockets: [] }, 'riscv64'), undefined);
});
