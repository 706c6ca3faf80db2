import { readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Account, FileSystemStat, Group, Kernel } from '../host.ts';
import { account, accounts, group, groupIds, groups } from './accounts.ts';
import { cpuid, type Registers } from './cpuid.ts';
import { native } from './errors.ts';
import { type NetlinkMessage, netlinkDump } from './netlink.ts';

const require = createRequire(import.meta.url);

/** The kernel we run on. What needs the C library loads it on first use. */
export class LinuxKernel implements Kernel {
  identity(): ReturnType<Kernel['identity']> {
    const { type, hostname, release, version, machine } = require('node:os') as typeof import('node:os');
    return { sysname: type(), node: hostname(), release: release(), version: version(), machine: machine() };
  }

  get ticksPerSecond(): number {
    return auxiliary(AT_CLKTCK) ?? 100;
  }

  get pageSize(): number {
    return auxiliary(AT_PAGESZ) ?? 4096;
  }

  now(): number {
    return Date.now() / 1000;
  }

  get timeZone(): string {
    const { TZ } = process.env;
    if (TZ !== undefined && TZ !== '') return TZ.replace(/^:/, '');
    try {
      const name = /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(readlinkSync('/etc/localtime'))?.[1];
      if (name !== undefined) return name;
    } catch {
      // Without the link the machine is on UTC, or has a copy of the file, whose name the run time finds out.
    }
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  get pid(): number {
    return process.pid;
  }

  /** Not the effective one, which in a sandbox is nobody's. */
  get uid(): number {
    return process.getuid?.() ?? 0;
  }

  *netlinkDump(protocol: number, type: number, payload: Uint8Array): Iterable<NetlinkMessage> {
    yield* netlinkDump(protocol, type, payload);
  }

  fileSystem(path: string): FileSystemStat | undefined {
    try {
      const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(native(path));
      return {
        blockSize: bsize,
        blocks,
        blocksFree: bfree,
        blocksAvailable: bavail,
        inodes: files,
        inodesFree: ffree,
      };
    } catch {
      return undefined;
    }
  }

  cpuid(leaf: number, subleaf: number): Registers | undefined {
    return cpuid(leaf, subleaf);
  }

  accounts(): Iterable<Account> {
    return accounts();
  }

  account(key: { readonly uid: number } | { readonly name: string }): Account | undefined {
    return account(key);
  }

  groups(): Iterable<Group> {
    return groups();
  }

  group(key: { readonly gid: number }): Group | undefined {
    return group(key);
  }

  groupIds(name: string, gid: number): readonly number[] {
    return groupIds(name, gid);
  }
}

/** `AT_PAGESZ` and `AT_CLKTCK`, include/uapi/linux/auxvec.h. */
const AT_PAGESZ = 6;
const AT_CLKTCK = 17;

/** A value of the auxiliary vector, `getauxval(3)`: pairs of machine words, which spares `sysconf` and the C library. */
function auxiliary(type: number): number | undefined {
  const words = new BigUint64Array(new Uint8Array(readFileSync('/proc/self/auxv')).buffer);
  for (let i = 0; i + 1 < words.length; i += 2) if (words[i] === BigInt(type)) return Number(words[i + 1]);
  return undefined;
}
