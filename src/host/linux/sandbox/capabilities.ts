import { callNumber } from '../../../base/audit-syscalls.ts';
import { addressOf } from '../native.ts';
import { rawCall } from './raw-call.ts';

/** `include/uapi/linux/capability.h` */
const NUMBERS = {
  CAP_DAC_READ_SEARCH: 2,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_NET_ADMIN: 12,
  CAP_AUDIT_CONTROL: 30,
  CAP_SYSLOG: 34,
  CAP_AUDIT_READ: 37,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

export type Capability = keyof typeof NUMBERS;

/** `_LINUX_CAPABILITY_VERSION_3`: each set has two words. */
const VERSION = 0x20080522;
const SETS_BYTES = 24;

/** Leaves the thread these of the capabilities that it has, and gives the rest up for good. */
export function keepCapabilities(names: readonly Capability[]): void {
  const wanted = names.reduce((bits, name) => bits | (1n << BigInt(NUMBERS[name])), 0n);
  const { header, sets } = capabilities();
  for (const word of [0, 1]) {
    const at = word * 12;
    const permitted = sets.readUInt32LE(at + 4);
    const kept = Number((wanted >> BigInt(32 * word)) & 0xffffffffn) & permitted;
    sets.writeUInt32LE(kept >>> 0, at);
    sets.writeUInt32LE(kept >>> 0, at + 4);
    sets.writeUInt32LE(0, at + 8);
  }
  rawCall(callNumber('capset', process.arch), addressOf(header), addressOf(sets));
}

/** Whether the thread may have a capability. */
export function hasCapability(name: Capability): boolean {
  const number = NUMBERS[name];
  const word = capabilities().sets.readUInt32LE((number >> 5) * 12 + 4);
  return ((word >>> (number & 31)) & 1) === 1;
}

function capabilities(): { readonly header: Buffer; readonly sets: Buffer } {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(VERSION, 0);
  const sets = Buffer.alloc(SETS_BYTES);
  rawCall(callNumber('capget', process.arch), addressOf(header), addressOf(sets));
  return { header, sets };
}
