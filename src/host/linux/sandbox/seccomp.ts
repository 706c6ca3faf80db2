import { callNumber } from '../../../base/audit-syscalls.ts';
import { addressOf } from '../native.ts';
import { type Allowances, callRules } from './call-rules.ts';
import { filterProgram } from './filter-program.ts';
import { rawCall } from './raw-call.ts';

/** `seccomp(2)` */
const SET_MODE_FILTER = 1;
/** Without it kernels before 5.16 make the thread slower, for filters that keep code of others in. Since 4.17. */
const SPEC_ALLOW = 4;
/** `struct sock_fprog`: how many instructions, and where. */
const PROGRAM_BYTES = 16;
const INSTRUCTION_BYTES = 8;

/** Filters the system calls of this thread, and of threads that it starts. It must be without new privileges. */
export function filterCalls(allowances: Allowances): void {
  const rules = callRules(allowances);
  if (rules === undefined) throw new Error(`not on ${process.arch}`);
  installFilter(filterProgram(rules));
}

/** Throws the name of the error. */
export function installFilter(code: Buffer): void {
  const program = Buffer.alloc(PROGRAM_BYTES);
  program.writeUInt16LE(code.length / INSTRUCTION_BYTES, 0);
  program.writeBigUInt64LE(BigInt(addressOf(code)), 8);
  const call = callNumber('seccomp', process.arch);
  try {
    rawCall(call, SET_MODE_FILTER, SPEC_ALLOW, addressOf(program));
  } catch (cause) {
    if ((cause as Error).message !== 'EINVAL') throw cause;
    rawCall(call, SET_MODE_FILTER, 0, addressOf(program));
  }
}
