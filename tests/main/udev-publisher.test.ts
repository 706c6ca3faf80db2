/** A sandbox without the sockets that devices are heard by: `seccomp(2)` for this thread, until it ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionValues } from '../../src/config/option-values.ts';
import { addressOf, libc } from '../../src/host/linux/native.ts';
import { udev } from '../../src/main/publishers/udev.ts';

/** Numbers of `socket(2)`, `include/uapi/asm/unistd_64.h`, `include/uapi/asm-generic/unistd.h`. */
const SOCKET = process.arch === 'arm64' ? 198 : 41;
const NETLINK_KOBJECT_UEVENT = 15;
const EPERM = 1;

/** `struct sock_filter`s: code, jumps, value. */
const FILTER: readonly (readonly [code: number, yes: number, no: number, value: number])[] = [
  // The number of the call, then its third argument, of `struct seccomp_data`.
  [0x20, 0, 0, 0],
  [0x15, 0, 3, SOCKET],
  [0x20, 0, 0, 32],
  [0x15, 0, 1, NETLINK_KOBJECT_UEVENT],
  // SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW
  [0x06, 0, 0, 0x0005_0000 | EPERM],
  [0x06, 0, 0, 0x7fff_0000],
];

function forbid(): boolean {
  const filter = Buffer.alloc(FILTER.length * 8);
  for (const [i, [code, yes, no, value]] of FILTER.entries()) {
    filter.writeUInt16LE(code, i * 8);
    filter.set([yes, no], i * 8 + 2);
    filter.writeUInt32LE(value, i * 8 + 4);
  }
  const program = Buffer.alloc(128);
  program.writeUInt16LE(FILTER.length);
  program.writeBigUInt64LE(BigInt(addressOf(filter)), 8);
  const prctl = libc('int prctl(int option, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d)');
  // PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP with SECCOMP_MODE_FILTER
  return prctl(38, 1, 0, 0, 0) === 0 && prctl(22, 2, addressOf(program), 0, 0) === 0;
}

function start(said: string[]) {
  return udev.start({
    options: new OptionValues(),
    sections: {} as never,
    tables: ['hardware_events'],
    emit: () => assert.fail(),
    now: () => 0,
    say: (severity, message) => said.push(`${severity} ${message}`),
    left: undefined,
    leave: () => {},
  });
}

test('devices that cannot be heard are a warning, no more', (t) => {
  const said: string[] = [];
  if (!forbid()) return t.skip('no seccomp');
  assert.equal(start(said), undefined);
  assert.deepEqual(said, ['WARNING udev: devices are not heard: socket netlink uevent: EPERM']);
});
