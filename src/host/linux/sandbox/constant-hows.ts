import { constants, ftruncateSync, writeSync } from 'node:fs';
import { callNumber } from '../../../base/audit-syscalls.ts';
import { encodeText } from '../../../base/text.ts';
import { addressOf } from '../native.ts';
import { HOW_BYTES, placeHows, RESOLVE, writeHow } from '../openat2.ts';
import { O_FIND } from '../walk-path.ts';
import { rawCall } from './raw-call.ts';

/** Bytes of a page, or a multiple of it, on every processor that we know calls of. */
const PAGE = 65536;
/** Where nothing lies by default, within 47 bits. The same in all threads: what is sealed stays until the process ends. */
export const HOWS_ADDRESS = 0x6f73_7175_0000;
/** `mmap(2)` */
const PROT_READ = 1;
const MAP_PRIVATE = 0x2;
const MAP_FIXED_NOREPLACE = 0x100000;
const MFD_CLOEXEC = 1;

/** How files are found: all of it only finds, and opens nothing for writing. */
const WAYS = [O_FIND, O_FIND | constants.O_NOFOLLOW].flatMap((flags) =>
  [0, RESOLVE.inRoot, RESOLVE.cached].map((more) => ({ flags, resolve: RESOLVE.noMagicLinks | more })),
);

export interface ConstantHows {
  readonly address: number;
  readonly size: number;
}

/**
 * The arguments of `openat2(2)` lie in memory, where a filter of system calls does not see them, but it sees where they lie.
 * So those that we need lie where nothing can be written: on a page that is sealed, `mseal(2)`, since Linux 6.10; before
 * that it can be made writable again, which is a call more. The filter lets only that place through.
 */
export function constantHows(): ConstantHows {
  const content = Buffer.alloc(WAYS.length * HOW_BYTES);
  WAYS.forEach(({ flags, resolve }, i) => {
    writeHow(content, i * HOW_BYTES, flags, resolve);
  });
  place(content);
  placeHows(new Map(WAYS.map((way, i) => [way, HOWS_ADDRESS + i * HOW_BYTES])));
  return { address: HOWS_ADDRESS, size: PAGE };
}

/** Whole from the moment on at which it is there: another thread may use it at once. */
function place(content: Buffer): void {
  const name = encodeText('osquery\0');
  const file = rawCall(callNumber('memfd_create', process.arch), addressOf(name), MFD_CLOEXEC);
  try {
    ftruncateSync(file, PAGE);
    writeSync(file, content, 0, content.length, 0);
    const flags = MAP_PRIVATE | MAP_FIXED_NOREPLACE;
    const address = rawCall(callNumber('mmap', process.arch), HOWS_ADDRESS, PAGE, PROT_READ, flags, file, 0);
    // Before Linux 4.17 the address is no more than a wish.
    if (address !== HOWS_ADDRESS) throw new Error('not at its address');
    seal();
  } catch (cause) {
    if ((cause as Error).message !== 'EEXIST') throw cause;
    if (!read(content.length).equals(content)) throw new Error('something else lies there');
  } finally {
    rawCall(callNumber('close', process.arch), file);
  }
}

function seal(): void {
  try {
    rawCall(callNumber('mseal', process.arch), HOWS_ADDRESS, PAGE, 0);
  } catch {
    // Before Linux 6.10.
  }
}

/** By a call that fails where memory cannot be read. */
function read(length: number): Buffer {
  const content = Buffer.alloc(length);
  const part = (address: number) =>
    addressOf(new Uint8Array(new BigUint64Array([BigInt(address), BigInt(length)]).buffer));
  const [into, from] = [part(addressOf(content)), part(HOWS_ADDRESS)];
  rawCall(callNumber('process_vm_readv', process.arch), process.pid, into, 1, from, 1, 0);
  return content;
}
