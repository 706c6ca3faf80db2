import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditArchitecture, callName, callNumber } from '../../src/base/audit-syscalls.ts';

/** The first, the last, some after gaps: a name too many or too few shifts all that follow it. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  x64: {
    ...{ read: 0, open: 2, execve: 59, tkill: 200, openat: 257, accept4: 288, getrandom: 318, statx: 332, rseq: 334 },
    ...{ pidfd_send_signal: 424, clone3: 435, cachestat: 451, file_setattr: 469 },
  },
  arm64: {
    ...{ io_setup: 0, fcntl: 25, renameat: 38, openat: 56, read: 63, fstat: 80, kill: 129, getrlimit: 163 },
    ...{ accept: 202, execve: 221, mmap: 222, recvmmsg: 243, wait4: 260, renameat2: 276, statx: 291, rseq: 293 },
    ...{ pidfd_send_signal: 424, clone3: 435, cachestat: 451, file_setattr: 469 },
  },
};

for (const [arch, calls] of Object.entries(KNOWN)) {
  test(`numbers of system calls on ${arch}`, () => {
    const machine = auditArchitecture(arch)!.toString(16);
    for (const [name, number] of Object.entries(calls)) {
      assert.deepEqual([callNumber(name, arch), callName(machine, number)], [number, name]);
    }
  });
}

test('calls and machines that are not known', () => {
  assert.equal(callNumber('open', 'arm64'), undefined);
  assert.equal(callName('c000003e', 400), undefined);
  assert.equal(callName('40000003', 1), undefined);
  assert.equal(auditArchitecture('mips'), undefined);
});
