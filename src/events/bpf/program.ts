import { Assembler, type Register, type Size } from '../../host/linux/bpf/assembler.ts';
import { HELPERS } from '../../host/linux/bpf/kernel.ts';
import { SAMPLE } from '../../parse/bpf-sample.ts';
import type { Offsets } from './offsets.ts';

/** Descriptors of the maps that programs share. */
export interface Maps {
  readonly ring: number;
  /** Where a sample is put together, for each processor one. */
  readonly scratch: number;
  /** Samples that found no room, at their kinds. */
  readonly lost: number;
  /** Tasks to the call that they are in: when it began, and its first three arguments. */
  readonly begun: number;
}

/** Bytes of `scratch`: the most that a map may have for each processor. */
export const SCRATCH_BYTES = 32 * 1024;
/** Names of a path that are captured. */
const MAX_NAMES = 48;
/** `NAME_MAX` and a NUL. */
const NAME_BYTES = 256;

/** Places on the stack of a program, down from its end. */
const STACK = {
  ...{ key: -8, entry: -16, task: -24, value: -32, names: -40, start: -48, context: -56 },
  /** Three arguments of a call. */
  arguments: -80,
} as const;
/** Of a call that has begun: when, and its arguments. */
export const BEGUN_BYTES = 32;
/** Arguments of a call where it begins, and what it gives where it ends: `events/syscalls/…/format` of tracefs. */
const CALL_ARGUMENTS = 16;

/**
 * A program that puts a sample together. `r9` is the sample, `r8` how long it is. Reads of the kernel's memory that fail
 * give 0, and the program goes on: it must not trust what it finds.
 */
export class SampleProgram extends Assembler {
  readonly #offsets: Offsets;
  readonly #maps: Maps;
  readonly #kind: number;
  #labels = 0;

  constructor(offsets: Offsets, maps: Maps, kind: number) {
    super();
    this.#offsets = offsets;
    this.#maps = maps;
    this.#kind = kind;
  }

  /** The sample, its fixed part 0, and who it is of. `size`: bytes of its fixed part. */
  begin(size: number, { mustHaveBegun }: { readonly mustHaveBegun: boolean }): this {
    const { taskParent, taskTgid } = this.#offsets;
    this.store(8, 'fp', STACK.context, 'r1').store(4, 'fp', STACK.key, 0);
    this.lookUp(this.#maps.scratch, STACK.key).when('r0', '!=', 0, 'sample').set('r0', 0).exit();
    this.label('sample').set('r9', 'r0');
    for (let at = 0; at < size; at += 8) this.store(8, 'r9', at, 0);
    this.set('r8', size).store(4, 'r9', SAMPLE.kind, this.#kind);
    this.call(HELPERS.currentPidTgid).store(4, 'r9', SAMPLE.tid, 'r0').shr('r0', 32).store(4, 'r9', SAMPLE.pid, 'r0');
    this.call(HELPERS.currentUidGid).store(4, 'r9', SAMPLE.uid, 'r0').shr('r0', 32).store(4, 'r9', SAMPLE.gid, 'r0');
    this.call(HELPERS.currentCgroup).store(8, 'r9', SAMPLE.cgroup, 'r0');
    this.call(HELPERS.bootTime).store(8, 'r9', SAMPLE.bootTime, 'r0');
    this.call(HELPERS.currentTask).store(8, 'fp', STACK.task, 'r0').set('r6', 'r0');
    this.follow('r6', taskParent).read(4, 'r1', 'r6', taskTgid).store(4, 'r9', SAMPLE.parent, 'r1');
    return this.#took(mustHaveBegun);
  }

  /** One of the first three arguments of a call. */
  argument(to: Register, index: 0 | 1 | 2): this {
    return this.load(8, to, 'fp', STACK.arguments + index * 8);
  }

  /** What a call gives. */
  result(to: Register): this {
    return this.load(8, to, 'fp', STACK.context).load(8, to, to, CALL_ARGUMENTS);
  }

  task(to: Register): this {
    return this.load(8, to, 'fp', STACK.task);
  }

  /** `to` = what lies at `base` + `offset` of the kernel's memory. */
  read(size: Size, to: Register, base: Register, offset: number): this {
    this.store(8, 'fp', STACK.value, 0).set('r3', base).add('r3', offset);
    this.set('r1', 'fp').add('r1', STACK.value).set('r2', size).call(HELPERS.readKernel);
    return this.load(size, to, 'fp', STACK.value);
  }

  /** `register` = the pointer that lies at it + `offset`. Not `r1` to `r5`. */
  follow(register: Register, offset: number): this {
    return this.read(8, register, register, offset);
  }

  /** Bytes of the kernel's memory into the fixed part of the sample. */
  copy(at: number, bytes: number, base: Register, offset: number): this {
    this.set('r3', base).add('r3', offset).set('r1', 'r9').add('r1', at).set('r2', bytes);
    return this.call(HELPERS.readKernel);
  }

  error(): this {
    return this.store(4, 'r9', SAMPLE.error, 1);
  }

  /** Looks a key of the stack up: `r0` is where its value lies, or 0. */
  lookUp(map: number, key: number): this {
    return this.map('r1', map).set('r2', 'fp').add('r2', key).call(HELPERS.mapLookup);
  }

  /**
   * Appends the names of the path of `r6`, a dentry, and `r7`, a vfsmount, from the last to the first, and its length to
   * the sample at `length`. It is the path that the process itself sees, but for a `chroot(2)`. Loses `r6` and `r7`.
   */
  path(length: number): this {
    const { entryName, entryParent, mountRoot, mountPublic, mountParent, mountPoint } = this.#offsets;
    const [next, name, done, full] = [this.#label(), this.#label(), this.#label(), this.#label()];
    // From a register: before Linux 5.10 the verifier takes a constant on the stack for unknown, and the loop for endless.
    this.set('r1', 0).store(8, 'fp', STACK.names, 'r1');
    this.store(8, 'fp', STACK.start, 'r8').store(4, 'r9', length, 'r8');
    this.label(next);
    this.load(8, 'r1', 'fp', STACK.names).when('r1', '>=', MAX_NAMES, full).add('r1', 1);
    this.store(8, 'fp', STACK.names, 'r1');
    this.read(8, 'r1', 'r7', mountRoot).when('r1', '!=', 'r6', name);
    // The root of what is mounted: on with where it is mounted, unless nothing is above it.
    this.sub('r7', mountPublic).set('r6', 'r7').follow('r7', mountParent).when('r7', '==', 'r6', done);
    this.follow('r6', mountPoint).add('r7', mountPublic).jump(next);
    this.label(name);
    return this.#name(full, done, entryName, entryParent, next, length);
  }

  /** Appends arguments that lie in the process's memory, at most so many bytes, and their length at `length`. */
  arguments(length: number, max: number): this {
    const { taskMemory, memoryArguments, memoryArgumentsEnd } = this.#offsets;
    const [fits, failed, done] = [this.#label(), this.#label(), this.#label()];
    this.task('r6').follow('r6', taskMemory).set('r7', 'r6');
    this.follow('r6', memoryArguments).follow('r7', memoryArgumentsEnd).sub('r7', 'r6');
    this.when('r7', '<=', max, fits).error().set('r7', max).label(fits);
    this.when('r8', '>', SCRATCH_BYTES - max, failed);
    this.set('r1', 'r9').add('r1', 'r8').set('r2', 'r7').set('r3', 'r6').call(HELPERS.readUser);
    this.when('r0', '!=', 0, failed).store(4, 'r9', length, 'r7').add('r8', 'r7').jump(done);
    return this.label(failed).error().label(done);
  }

  /** Hands the sample over, or counts it. The last of a program. */
  end(): this {
    // The verifier wants to see that it is no longer than `scratch`.
    this.when('r8', '>', SCRATCH_BYTES, 'ended').when('r8', 'signed<', 0, 'ended');
    this.map('r1', this.#maps.ring).set('r2', 'r9').set('r3', 'r8').set('r4', 0).call(HELPERS.ringOutput);
    this.when('r0', '==', 0, 'ended').store(4, 'fp', STACK.key, this.#kind);
    this.lookUp(this.#maps.lost, STACK.key).when('r0', '==', 0, 'ended').set('r1', 1).atomicAdd(8, 'r0', 0, 'r1');
    return this.label('ended').set('r0', 0).exit();
  }

  #name(full: string, done: string, entryName: number, entryParent: number, next: string, length: number): this {
    // From memory, where the verifier knows nothing of it: else it looks at the loop with each value that it may have.
    this.load(4, 'r8', 'r9', length).when('r8', '>', SCRATCH_BYTES / 2 - NAME_BYTES, full);
    this.read(8, 'r3', 'r6', entryName);
    this.set('r1', 'r9').add('r1', 'r8').set('r2', NAME_BYTES).call(HELPERS.readKernelText);
    this.when('r0', 'signed<', 1, full).add('r8', 'r0').store(4, 'r9', length, 'r8');
    // What is its own parent is on no mount: memory that has a name, a pipe.
    this.set('r1', 'r6').store(8, 'fp', STACK.entry, 'r1').follow('r6', entryParent);
    this.load(8, 'r1', 'fp', STACK.entry).when('r6', '!=', 'r1', next).jump(done);
    this.label(full).error();
    this.label(done).load(4, 'r8', 'r9', length).set('r2', 'r8').load(8, 'r1', 'fp', STACK.start).sub('r2', 'r1');
    return this.store(4, 'r9', length, 'r2');
  }

  /** How long the call has taken, and with which arguments, if its begin was seen. */
  #took(must: boolean): this {
    const [seen, unknown] = [this.#label(), this.#label()];
    this.lookUp(this.#maps.begun, STACK.task).when('r0', '!=', 0, seen);
    if (must) this.exit();
    else this.jump(unknown);
    this.label(seen);
    for (let i = 0; i < 3; i++) this.load(8, 'r1', 'r0', 8 + i * 8).store(8, 'fp', STACK.arguments + i * 8, 'r1');
    this.load(8, 'r1', 'r0', 0)
      .load(8, 'r2', 'r9', SAMPLE.bootTime)
      .sub('r2', 'r1')
      .store(8, 'r9', SAMPLE.duration, 'r2');
    this.map('r1', this.#maps.begun).set('r2', 'fp').add('r2', STACK.task).call(HELPERS.mapDelete);
    return must ? this : this.label(unknown);
  }

  #label(): string {
    this.#labels += 1;
    return `l${this.#labels}`;
  }
}

/** Remembers when a call began, and its first arguments: the kernel refuses to show more than it has. */
export function beginProgram(maps: Maps, count: number): Assembler {
  const [key, value] = [-8, -8 - BEGUN_BYTES];
  const program = new Assembler();
  for (let i = 0; i < 3; i++) {
    const at = value + 8 + i * 8;
    if (i < count) program.load(8, 'r2', 'r1', CALL_ARGUMENTS + i * 8).store(8, 'fp', at, 'r2');
    else program.store(8, 'fp', at, 0);
  }
  program.call(HELPERS.currentTask).store(8, 'fp', key, 'r0').call(HELPERS.bootTime).store(8, 'fp', value, 'r0');
  program.map('r1', maps.begun).set('r2', 'fp').add('r2', key).set('r3', 'fp').add('r3', value).set('r4', 0);
  return program.call(HELPERS.mapUpdate).set('r0', 0).exit();
}
