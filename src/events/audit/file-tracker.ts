import { posix } from 'node:path';
import { auditNumber } from '../../parse/audit-record.ts';
import type { AuditEvent, FileCall } from '../../schema/audit-event.ts';
import { AT_FDCWD, currentDirectory, type FileAction, fileAction, type NamedPath } from './file-calls.ts';

/** Which files are followed, and what of them is wanted. */
export interface FileOptions {
  /** Whether anybody wants to know of a file. */
  matches(path: string): boolean;
  /** Opening, reading and closing, too. */
  readonly accesses: boolean;
  /** What the records do not tell for certain, too. */
  readonly partial: boolean;
}

/** What of the machine is asked for what the records lack. The answers are those of now, not of then. */
export interface FileLookup {
  /** Processes that run. */
  processes(): readonly number[];
  /** The path behind a descriptor of a process; undefined if it is gone. */
  descriptor(pid: number, descriptor: number): string | undefined;
  /** The inode number of a file; undefined if it is gone. */
  inode(path: string): number | undefined;
}

/** Who is told how it goes. */
export interface FileVoices {
  /** What cannot be followed, the same text for all of one process. */
  readonly untracked?: ((text: string) => void) | undefined;
  /** From what calls came what is told. */
  readonly debug?: ((text: string) => void) | undefined;
}

/** An open file that somebody wants to know of, or a directory. It never changes: processes share it. */
interface Descriptor {
  /** Empty for a file of which nobody wants to know. */
  readonly path: string;
  readonly last: 'open' | 'read' | 'write';
  readonly closeOnExec: boolean;
  readonly partial: boolean;
}

interface Process {
  /** When it was first heard of. */
  readonly since: bigint;
  readonly descriptors: Map<number, Descriptor>;
}

/** Bounds of what is remembered: those that were heard of last. */
const MAX_PROCESSES = 16_384;
const MAX_DESCRIPTORS = 65_536;
/** Of one process, whose children have them all. */
const MAX_OF_ONE = 1024;
const MAX_DIRECTORIES = 8192;
/** Operations that leave a file as it is. */
const ACCESSES: ReadonlySet<string> = new Set(['open', 'read', 'close']);

interface Named {
  readonly path: string;
  readonly certain: boolean;
}

/**
 * Follows descriptors of processes: the records of `write` and `close` have a number, that of `open` the path. A file is told
 * to be written once for each time that it was opened, as in osquery.
 */
export class FileTracker {
  readonly #options: FileOptions;
  readonly #lookup: FileLookup;
  readonly #voices: FileVoices;
  /** In the order in which they were last heard of. */
  readonly #processes = new Map<number, Process>();
  /** Paths of directories, by what they are. */
  readonly #directories = new Map<string, string>();
  #count = 0;
  #untracked = 0;

  constructor(options: FileOptions, lookup: FileLookup, voices: FileVoices = {}) {
    this.#options = options;
    this.#lookup = lookup;
    this.#voices = voices;
    // Those that are not new: what their parents have open is not what they have open.
    for (const pid of lookup.processes()) this.#add(pid, 0n, new Map());
  }

  /** Names that could not be followed to their files. */
  get untracked(): number {
    return this.#untracked;
  }

  /** What was done to a file; undefined where nothing was, or nobody wants to know. */
  heard(event: AuditEvent): FileCall | undefined {
    const action = fileAction(event);
    if (action === undefined) return undefined;
    const { record } = event.call!;
    const pid = auditNumber(record.field('pid')) ?? 0;
    const process = this.#processes.get(pid);
    if (process !== undefined) {
      this.#processes.delete(pid);
      this.#processes.set(pid, process);
    } else {
      // One that is new has what its parent has: `vfork` is reported when the child has its program.
      this.#add(pid, event.occurred, this.#of(auditNumber(record.field('ppid')) ?? 0));
    }
    const told = this.#act(action, pid, event);
    if (told !== undefined) {
      this.#voices.debug?.(
        `${told.operation} ${told.path}: ${event.call!.name} of process ${pid}, ${JSON.stringify(action)}`,
      );
    }
    return told;
  }

  /** Forgets all descriptors and directories: what was not heard may have closed and moved them. */
  forget(): void {
    for (const { descriptors } of this.#processes.values()) descriptors.clear();
    this.#directories.clear();
    this.#count = 0;
  }

  #act(action: FileAction, pid: number, event: AuditEvent): FileCall | undefined {
    switch (action.kind) {
      case 'open':
        return this.#open(action, pid, event);
      case 'close':
        return this.#close(action.first, action.last, pid, event);
      case 'duplicate': {
        const original = this.#descriptor(pid, action.from);
        if (original === undefined) this.#remove(pid, action.to, action.to);
        else this.#set(pid, action.to, { ...original, closeOnExec: action.closeOnExec });
        return undefined;
      }
      case 'mark': {
        const { first, last, closeOnExec } = action;
        for (const [number, descriptor] of this.#within(pid, first, last)) {
          this.#set(pid, number, { ...descriptor, closeOnExec });
        }
        return undefined;
      }
      case 'use':
        return this.#use(action.descriptor, action.writes, pid, event);
      case 'change':
        return this.#change(action, pid, event);
      case 'fork':
        this.#fork(pid, action.child, event.occurred);
        return undefined;
      case 'exec':
        for (const [number, { closeOnExec }] of this.#of(pid)) if (closeOnExec) this.#remove(pid, number, number);
        return undefined;
      case 'exit':
        this.#end(pid);
        return undefined;
    }
  }

  #open(action: FileAction & { kind: 'open' }, pid: number, event: AuditEvent): FileCall | undefined {
    const { descriptor, creates, truncates, closeOnExec } = action;
    this.#remove(pid, descriptor, descriptor);
    const named = this.#named(action.path, pid, event);
    const wanted = named !== undefined && this.#options.matches(named.path);
    // A directory may be what later names begin in; of other files nobody needs to know, unless all that is unknown is asked for.
    if (wanted || action.path.isDirectory || this.#options.partial) {
      const path = wanted || action.path.isDirectory ? (named?.path ?? '') : '';
      this.#set(pid, descriptor, { path, last: 'open', closeOnExec, partial: named?.certain === false });
    }
    if (!wanted) return undefined;
    const operation = truncates ? 'open+truncate' : creates ? 'create' : 'open';
    return this.#told(operation, named, undefined, event);
  }

  #close(first: number, last: number, pid: number, event: AuditEvent): FileCall | undefined {
    const closed = first === last ? this.#of(pid).get(first) : undefined;
    this.#remove(pid, first, last);
    return closed && this.#told('close', { path: closed.path, certain: !closed.partial }, undefined, event);
  }

  #use(number: number, writes: boolean, pid: number, event: AuditEvent): FileCall | undefined {
    const descriptor = this.#descriptor(pid, number);
    if (descriptor === undefined || descriptor.path === '') return undefined;
    const last = writes ? 'write' : 'read';
    if (descriptor.last === 'write' || descriptor.last === last) return undefined;
    this.#set(pid, number, { ...descriptor, last });
    return this.#told(last, { path: descriptor.path, certain: !descriptor.partial }, undefined, event);
  }

  /** What was opened before we came, or by other means, is looked for, if that is wanted, as it is now. */
  #descriptor(pid: number, number: number): Descriptor | undefined {
    const known = this.#of(pid).get(number);
    if (known !== undefined || !this.#options.partial) return known;
    const path = this.#lookup.descriptor(pid, number) ?? '';
    const wanted = path.startsWith('/') && this.#options.matches(path);
    const descriptor: Descriptor = { path: wanted ? path : '', last: 'open', closeOnExec: false, partial: true };
    this.#set(pid, number, descriptor);
    return descriptor;
  }

  #change(action: FileAction & { kind: 'change' }, pid: number, event: AuditEvent): FileCall | undefined {
    const { operation, path, destination } = action;
    const to = destination && this.#named(destination, pid, event);
    if (destination !== undefined && to === undefined) return undefined;
    // What a symbolic link says begins where the link is.
    const from =
      operation === 'symlink'
        ? { path: posix.resolve(posix.dirname(to!.path), path.name), certain: to!.certain }
        : this.#named(path, pid, event);
    if (path.isDirectory && operation === 'unlink') this.#directories.delete(path.file ?? '');
    // All that is below it has another path from now on.
    if (path.isDirectory && operation === 'rename') this.#directories.clear();
    return from && this.#told(operation, from, to, event);
  }

  #told(operation: string, from: Named, to: Named | undefined, event: AuditEvent): FileCall | undefined {
    const { matches, accesses } = this.#options;
    if (!accesses && ACCESSES.has(operation)) return undefined;
    if (!matches(from.path) && (to === undefined || !matches(to.path))) return undefined;
    const partial = !from.certain || to?.certain === false || !event.complete;
    if (partial && !this.#options.partial) return undefined;
    return { operation, path: from.path, destination: to?.path ?? '', cwd: currentDirectory(event), partial };
  }

  /** The whole path of a name; undefined where nobody can say. */
  #named(path: NamedPath, pid: number, event: AuditEvent): Named | undefined {
    const { name, directory, parent } = path;
    const start = name.startsWith('/') ? '/' : directory === AT_FDCWD ? currentDirectory(event) : undefined;
    if (start === '') return undefined;
    if (start !== undefined) return this.#learn(path, { path: posix.join(start, name), certain: true });
    const opened = this.#of(pid).get(directory)?.path || this.#directories.get(parent ?? '');
    if (opened !== undefined) return { path: posix.join(opened, name), certain: true };
    return this.#asked(path, pid);
  }

  /** Remembers the directory of a file, which others may name by a descriptor. */
  #learn({ parent }: NamedPath, named: Named): Named {
    if (parent === undefined || this.#directories.has(parent)) return named;
    const [oldest] = this.#directories.keys();
    if (this.#directories.size >= MAX_DIRECTORIES) this.#directories.delete(oldest!);
    this.#directories.set(parent, posix.dirname(named.path));
    return named;
  }

  /** What is open now under the number of a directory. It is that of then, if what the name stands for is in it. */
  #asked({ name, directory, file, parent }: NamedPath, pid: number): Named | undefined {
    const now = this.#lookup.descriptor(pid, directory);
    if (!now?.startsWith('/')) {
      this.#untracked += 1;
      this.#voices.untracked?.(`process ${pid} names files by directories that were opened unheard`);
      return undefined;
    }
    const path = posix.join(now, name);
    const is = (at: string, wanted: string | undefined) => wanted?.endsWith(`:${this.#lookup.inode(at)}`) === true;
    return { path, certain: is(path, file) || is(posix.dirname(path), parent) };
  }

  /** A child that was heard of since has what it has; one that was heard of before is another with the same number. */
  #fork(pid: number, child: number, occurred: bigint): void {
    const { since } = this.#processes.get(child) ?? { since: -1n };
    if (child > 0 && since < occurred) this.#add(child, occurred, this.#of(pid));
  }

  #of(pid: number): ReadonlyMap<number, Descriptor> {
    return this.#processes.get(pid)?.descriptors ?? NONE;
  }

  #add(pid: number, since: bigint, descriptors: ReadonlyMap<number, Descriptor>): void {
    this.#end(pid);
    this.#processes.set(pid, { since, descriptors: new Map(descriptors) });
    this.#count += descriptors.size;
    this.#bound();
  }

  #end(pid: number): void {
    this.#count -= this.#of(pid).size;
    this.#processes.delete(pid);
  }

  #set(pid: number, number: number, descriptor: Descriptor): void {
    const descriptors = this.#processes.get(pid)?.descriptors;
    if (descriptors === undefined) return;
    if (!descriptors.has(number)) {
      const [oldest] = descriptors.keys();
      if (descriptors.size >= MAX_OF_ONE) this.#remove(pid, oldest!, oldest!);
      this.#count += 1;
    }
    descriptors.set(number, descriptor);
    this.#bound();
  }

  #remove(pid: number, first: number, last: number): void {
    for (const [number] of this.#within(pid, first, last)) {
      this.#processes.get(pid)?.descriptors.delete(number);
      this.#count -= 1;
    }
  }

  /** Of a range, which may be all there are, those that are known. */
  #within(pid: number, first: number, last: number): [number, Descriptor][] {
    const descriptors = this.#of(pid);
    const only = first === last ? descriptors.get(first) : undefined;
    if (first === last) return only === undefined ? [] : [[first, only]];
    return [...descriptors].filter(([number]) => number >= first && number <= last);
  }

  #bound(): void {
    for (const pid of this.#processes.keys()) {
      if (this.#processes.size <= MAX_PROCESSES && this.#count <= MAX_DESCRIPTORS) return;
      this.#end(pid);
    }
  }
}

const NONE: ReadonlyMap<number, Descriptor> = new Map();
