import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { readStart } from '../../host/read-start.ts';
import { parseProcPidIo } from '../../parse/proc-pid-io.ts';
import { parseProcPidMaps } from '../../parse/proc-pid-maps.ts';
import { parseProcPidStat } from '../../parse/proc-pid-stat.ts';
import { parseProcIdentity, parseResidentSize } from '../../parse/proc-pid-status.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { processIds } from '../../schema/process-ids.ts';
import { ProcessPaths } from '../../schema/process-paths.ts';
import { ProcessTexts } from '../../schema/process-texts.ts';
import { table } from '../../schema/table.ts';

/** Ticks a second where no kernel is there to say: x86 and arm64 have these. */
const TICKS = 100;
/** The program itself is mapped first. */
const MAX_MAPS = 64 * 1024;
/** What the kernel puts behind the path of a program that was deleted, `proc_pid_exe(5)`. */
const DELETED = ' (deleted)';

/**
 * Source: `/proc/<pid>/`, `proc(5)`. Only the files whose columns are read are opened; those of other users that we may
 * not read leave their columns empty.
 */
export const processes = table({
  name: 'processes',
  description: 'Running processes: what they are, who runs them, what they use.',
  platforms: ['linux', 'darwin', 'windows'],
  cacheable: true,
  columns: {
    pid: bigint('Process id', { index: true, optimized: true }),
    name: text('Name of the program, at most 15 bytes; a thread may have changed it'),
    path: text('Path of the program'),
    cmdline: text('Arguments, separated by blanks'),
    state: text('State as one letter: R runs, S sleeps, D waits for a disk, Z ended, T stopped, I idle'),
    cwd: text('Current directory'),
    root: text('Root directory'),
    uid: bigint('Real user id'),
    gid: bigint('Real group id'),
    euid: bigint('Effective user id'),
    egid: bigint('Effective group id'),
    suid: bigint('Saved user id'),
    sgid: bigint('Saved group id'),
    on_disk: integer('1 if the program is still at its path, 0 if not, -1 if nobody can tell'),
    wired_size: bigint('Bytes that cannot be paged out; Linux does not count them'),
    resident_size: bigint('Bytes in memory'),
    total_size: bigint('Bytes of address space'),
    user_time: bigint('Milliseconds of CPU in the program'),
    system_time: bigint('Milliseconds of CPU in the kernel'),
    disk_bytes_read: bigint('Bytes read from disks'),
    disk_bytes_written: bigint('Bytes written to disks'),
    start_time: bigint('When the process started, Unix seconds; -1 if not known'),
    parent: bigint('Process id of the parent'),
    pgroup: bigint('Process group'),
    threads: integer('Threads'),
    nice: integer('Nice value, -20 to 19'),
    elevated_token: integer('1 if the token is elevated', { platforms: ['windows'] }),
    secure_process: integer('1 for a process of virtualization-based security', { platforms: ['windows'] }),
    protection_type: text('Protection of the process', { platforms: ['windows'] }),
    virtual_process: integer('1 for a process without a program', { platforms: ['windows'] }),
    elapsed_time: bigint('Seconds since the start', { platforms: ['windows'] }),
    handle_count: bigint('Open handles', { platforms: ['windows'] }),
    percent_processor_time: bigint('CPU time in 100 ns', { platforms: ['windows'] }),
    upid: bigint('Unique process id', { platforms: ['darwin'] }),
    uppid: bigint('Unique id of the parent', { platforms: ['darwin'] }),
    cpu_type: integer('Kind of processor of the program', { platforms: ['darwin'] }),
    cpu_subtype: integer('Subkind of processor of the program', { platforms: ['darwin'] }),
    translated: integer('1 if translated by Rosetta', { platforms: ['darwin'] }),
    cgroup_path: text('Control group in its hierarchy', { platforms: ['linux'] }),
  },
  examples: [
    'select pid, name, resident_size from processes order by resident_size desc limit 10',
    'select pid, path, cmdline from processes where on_disk = 0',
    'select name, path from processes where pid = 1',
  ],
  *generate({ host, values, uses, attempt, warn, row }) {
    const { files, kernel } = host;
    const msPerTick = 1000 / (kernel?.ticksPerSecond ?? TICKS);
    const bootTime = uses('start_time') ? readBootTime(files) : undefined;
    const wants = {
      path: uses('path', 'on_disk'),
      onDisk: uses('on_disk'),
      cmdline: uses('cmdline'),
      cwd: uses('cwd'),
      root: uses('root'),
      status: uses('uid', 'gid', 'euid', 'egid', 'suid', 'sgid', 'resident_size'),
      io: uses('disk_bytes_read', 'disk_bytes_written'),
      cgroup: uses('cgroup_path'),
    };
    const programArguments = new ProcessTexts(files, 'cmdline');
    const paths = new ProcessPaths(files);
    for (const pid of processIds(host, values('pid'), attempt)) {
      const directory = `/proc/${pid}`;
      const stat = parseProcPidStat(ifReadable(() => files.readText(`${directory}/stat`)) ?? '');
      // Ended between the listing and here.
      if (stat === undefined) continue;
      // A kernel thread has no memory of its own, and no program: asking costs 20 microseconds of an exception.
      const hasMemory = stat.virtualSize > 0;
      const program = wants.path && hasMemory ? programOf(files, directory) : undefined;
      const status = wants.status ? (ifReadable(() => files.readText(`${directory}/status`)) ?? '') : '';
      const io = wants.io ? parseProcPidIo(ifReadable(() => files.readText(`${directory}/io`)) ?? '') : undefined;
      yield row({
        pid,
        name: stat.name,
        path: paths.bounded(pid, program?.path),
        cmdline: wants.cmdline ? commandLine(programArguments.read(pid)) : '',
        state: stat.state,
        cwd: wants.cwd
          ? paths.bounded(
              pid,
              ifReadable(() => files.readLink(`${directory}/cwd`)),
            )
          : '',
        root: wants.root
          ? paths.bounded(
              pid,
              ifReadable(() => files.readLink(`${directory}/root`)),
            )
          : '',
        ...parseProcIdentity(status),
        on_disk:
          program === undefined ? -1 : program.deleted ? 0 : wants.onDisk && isThere(files, program.path) ? 1 : 0,
        wired_size: 0,
        resident_size: parseResidentSize(status),
        total_size: hasMemory ? stat.virtualSize : undefined,
        user_time: Math.floor(stat.userTicks * msPerTick),
        system_time: Math.floor(stat.systemTicks * msPerTick),
        disk_bytes_read: io?.read,
        disk_bytes_written: io?.written,
        start_time: bootTime === undefined ? -1 : bootTime + Math.floor((stat.startTicks * msPerTick) / 1000),
        parent: stat.parent,
        pgroup: stat.group,
        threads: stat.threads,
        nice: stat.nice,
        cgroup_path: wants.cgroup ? cgroupPath(ifReadable(() => files.readText(`${directory}/cgroup`)) ?? '') : '',
      });
    }
    programArguments.report(warn);
    paths.report(warn);
  },
});

/** Unix seconds of the boot: `btime` of `/proc/stat`. */
function readBootTime(files: Files): number | undefined {
  const seconds = /^btime (\d{1,12})$/m.exec(ifReadable(() => files.readText('/proc/stat')) ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/** Where the program lies, and whether it was deleted; undefined where we may not look. */
function programOf(files: Files, directory: string): { path: string; deleted: boolean } | undefined {
  const path = ifReadable(() => files.readLink(`${directory}/exe`));
  if (path === undefined || path === '') return undefined;
  if (!path.endsWith(DELETED)) return { path, deleted: false };
  // A program may really be called so: then the file of that name is the one that is mapped.
  const inode = ifReadable(() => files.linkStat(path).inode);
  const maps = inode && ifReadable(() => readStart(files, `${directory}/maps`, MAX_MAPS).text);
  for (const mapping of parseProcPidMaps(maps || '')) {
    if (mapping.inode === inode && mapping.path === path) return { path, deleted: false };
  }
  return { path: path.slice(0, -DELETED.length), deleted: true };
}

/** What the kernel names is no link. One that has taken its place may lead to what does not answer. */
function isThere(files: Files, path: string): boolean {
  return ifReadable(() => files.linkStat(path)) !== undefined;
}

function commandLine(content: string): string {
  return content.replaceAll('\0', ' ').trimEnd();
}

/** `hierarchy:controllers:path`, `cgroups(7)`; the first line is the only one of version 2. The path may have colons. */
function cgroupPath(content: string): string {
  return /^[^:\n]*:[^:\n]*:(.*)/.exec(content)?.[1] ?? '';
}
