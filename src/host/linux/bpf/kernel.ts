import { HostError, UserError } from '../../../base/errors.ts';
import { errnoName } from '../errors.ts';
import { addressOf, errno, libc } from '../native.ts';

/** `bpf(2)`: number of the call, commands, kinds of maps and programs of `include/uapi/linux/bpf.h`. */
const CALL_NUMBERS: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };
const MAP_CREATE = 0;
const MAP_LOOKUP = 1;
const PROGRAM_LOAD = 5;
const RAW_TRACEPOINT_OPEN = 17;
const MAPS = { array: 2, perCpuArray: 6, lruHash: 9, ringBuffer: 27 } as const;
const TRACEPOINT = 5;
const RAW_TRACEPOINT = 17;
/** `perf_event_open(2)`, and the requests of its descriptor: `include/uapi/linux/perf_event.h`. */
const PERF_NUMBERS: Readonly<Record<string, number>> = { x64: 298, arm64: 241 };
const PERF_TYPE_TRACEPOINT = 2;
const PERF_FLAG_FD_CLOEXEC = 8;
const PERF_EVENT_IOC_SET_BPF = 0x40042408;

/** Numbers of the kernel's helpers, those that Linux 5.8 has. */
export const HELPERS = {
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  currentPidTgid: 14,
  currentUidGid: 15,
  currentTask: 35,
  currentCgroup: 80,
  readUser: 112,
  readKernel: 113,
  readKernelText: 115,
  bootTime: 125,
  ringOutput: 130,
} as const;

/** `include/uapi/asm-generic/resource.h`. */
const RLIMIT_MEMLOCK = 8;
const ATTRIBUTES = 128;
/** Names of maps and programs, as `bpftool(8)` shows them. */
const NAME_BYTES = 15;
/** What the verifier says of a program that it refuses; the reason is at its end. */
const LOG_BYTES = 1024 * 1024;
const LOG_SHOWN = 400;
/** The verifier gives up with EAGAIN when a signal comes, whatever it is for. */
const LOAD_ATTEMPTS = 20;

/** A table in the kernel that programs and we see. Throws `HostError`. */
export function createMap(kind: keyof typeof MAPS, name: string, key: number, value: number, entries: number): number {
  const attributes = Buffer.alloc(ATTRIBUTES);
  attributes.writeUInt32LE(MAPS[kind], 0);
  attributes.writeUInt32LE(key, 4);
  attributes.writeUInt32LE(value, 8);
  attributes.writeUInt32LE(entries, 12);
  attributes.write(name.slice(0, NAME_BYTES), 28, 'latin1');
  const map = bpf(MAP_CREATE, attributes);
  if (map >= 0 || errnoName(errno()) !== 'EPERM') return must(map, `create map ${name}`);
  unlimitLocked();
  return must(bpf(MAP_CREATE, attributes), `create map ${name}`);
}

/** Before Linux 5.11 maps and programs count as memory that we have locked, of which 64 KiB are the default. */
function unlimitLocked(): void {
  const unlimited = Buffer.alloc(16, 0xff);
  // Who may not do that is refused the map again, which is said.
  libc('int setrlimit(int resource, uintptr_t limits)')(RLIMIT_MEMLOCK, addressOf(unlimited));
}

/** The 64 bits at an index of an array. Throws `HostError`. */
export function readCounter(map: number, index: number): number {
  const attributes = Buffer.alloc(ATTRIBUTES);
  const key = Buffer.alloc(4);
  const value = Buffer.alloc(8);
  key.writeUInt32LE(index);
  attributes.writeUInt32LE(map, 0);
  attributes.writeBigUInt64LE(BigInt(addressOf(key)), 8);
  attributes.writeBigUInt64LE(BigInt(addressOf(value)), 16);
  must(bpf(MAP_LOOKUP, attributes), 'read counter');
  return Number(value.readBigUInt64LE());
}

/**
 * Where a program runs: at a tracepoint that it gets the kernel's own structures of, by its name, or at one that it gets a
 * record of, by its number in tracefs. An event of it is opened on these processors; the program runs on all of them, mostly.
 */
export type Place = { readonly raw: string } | { readonly id: number; readonly processors: readonly number[] };

/** Loads a program and has it run there until the process ends or the descriptors are closed. Throws `HostError`. */
export function startProgram(name: string, code: Buffer, place: Place): number[] {
  const program = loadProgram(name, code, 'raw' in place ? RAW_TRACEPOINT : TRACEPOINT);
  const opened = [program];
  const attached = (result: number) => {
    if (result >= 0) return result;
    const refused = errnoName(errno());
    closeAll(opened);
    throw new HostError(refused, `program ${name}`, 'attach');
  };
  if ('raw' in place) return [program, attached(openRaw(program, place.raw))];
  const [first = 0, ...others] = place.processors;
  const event = attached(openEvent(place.id, first));
  opened.push(event);
  const control = libc('int ioctl(int fd, unsigned long request, intptr_t value)');
  attached(control(event, PERF_EVENT_IOC_SET_BPF, program));
  // They hear nothing. A processor may have gone offline since.
  return [...opened, ...others.map((processor) => openEvent(place.id, processor)).filter((fd) => fd >= 0)];
}

/** Negative for what `errno` says, as the next one. */
function openRaw(program: number, tracepoint: string): number {
  const attributes = Buffer.alloc(ATTRIBUTES);
  const name = Buffer.from(`${tracepoint}\0`);
  attributes.writeBigUInt64LE(BigInt(addressOf(name)), 0);
  attributes.writeUInt32LE(program, 8);
  return bpf(RAW_TRACEPOINT_OPEN, attributes);
}

function openEvent(id: number, processor: number): number {
  const attributes = Buffer.alloc(ATTRIBUTES);
  attributes.writeUInt32LE(PERF_TYPE_TRACEPOINT, 0);
  attributes.writeUInt32LE(attributes.length, 4);
  attributes.writeBigUInt64LE(BigInt(id), 8);
  const open = libc(
    'long syscall(long number, uintptr_t attributes, int pid, int processor, int group, unsigned long flags)',
  );
  return open(PERF_NUMBERS[process.arch], addressOf(attributes), -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
}

export function closeAll(descriptors: readonly number[]): void {
  for (const fd of descriptors) libc('int close(int fd)')(fd);
}

function loadProgram(name: string, code: Buffer, type: number): number {
  const licence = Buffer.from('GPL\0');
  const attributes = Buffer.alloc(ATTRIBUTES);
  attributes.writeUInt32LE(type, 0);
  attributes.writeUInt32LE(code.length / 8, 4);
  attributes.writeBigUInt64LE(BigInt(addressOf(code)), 8);
  attributes.writeBigUInt64LE(BigInt(addressOf(licence)), 16);
  attributes.write(name.slice(0, NAME_BYTES), 48, 'latin1');
  let refused = '';
  for (let attempt = 1; attempt <= LOAD_ATTEMPTS; attempt++) {
    const program = bpf(PROGRAM_LOAD, attributes);
    if (program >= 0) return program;
    refused = errnoName(errno());
    if (refused !== 'EAGAIN') break;
  }
  // Once more, for the verifier's reason.
  const log = Buffer.alloc(LOG_BYTES);
  attributes.writeUInt32LE(1, 24);
  attributes.writeUInt32LE(log.length, 28);
  attributes.writeBigUInt64LE(BigInt(addressOf(log)), 32);
  const again = bpf(PROGRAM_LOAD, attributes);
  if (again >= 0) return again;
  const text = log.latin1Slice(0, log.indexOf(0)).trim().slice(-LOG_SHOWN).replaceAll('\n', ' | ');
  throw new HostError(refused, `program ${name}${text === '' ? '' : ` (${text})`}`, 'load');
}

function must(result: number, operation: string): number {
  if (result < 0) throw new HostError(errnoName(errno()), 'bpf', operation);
  return result;
}

function bpf(command: number, attributes: Buffer): number {
  const call = CALL_NUMBERS[process.arch];
  if (call === undefined) throw new UserError(`bpf: not on ${process.arch}`);
  const syscall = libc('long syscall(long number, int command, uintptr_t attributes, unsigned int size)');
  return syscall(call, command, addressOf(attributes), attributes.length);
}
