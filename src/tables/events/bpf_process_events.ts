import type { BpfEvent } from '../../schema/bpf-event.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { eventTable, storeColumns } from '../../schema/event-table.ts';

/** Source: the tracepoint `sched_process_exec` and the kernel's structures at that moment. */
export const bpfProcessEvents = eventTable({
  name: 'bpf_process_events',
  description: 'Programs that were started, as our own programs in the kernel (eBPF) reported them.',
  platforms: ['linux'],
  publisher: 'BPFEventPublisher',
  columns: {
    tid: bigint('Thread id'),
    pid: bigint('Process id'),
    parent: bigint('Process id of the parent'),
    uid: bigint('Real user id'),
    gid: bigint('Real group id'),
    cid: integer('Cgroup of the process: the inode of its directory; that of a container is its own'),
    exit_code: text('What the system call gave; 0, as programs that could not be started are not reported'),
    probe_error: integer('1 if something could not be captured whole: a path, or arguments beyond 16 KiB'),
    syscall: text('exec'),
    path: text('Path of the program; of a script that of its interpreter'),
    cwd: text('Current directory'),
    cmdline: text('Arguments, separated by blanks'),
    duration: integer('Nanoseconds in the system call'),
    json_cmdline: text('Arguments as a JSON array', { hidden: true }),
    ntime: text('When it happened, nanoseconds after the boot'),
    time: storeColumns.time({ hidden: true }),
    eid: storeColumns.number(),
  },
  made: {
    cmdline: { of: 'arguments', make: (kept: readonly string[]) => kept.join(' ') },
    json_cmdline: { of: 'arguments', make: (kept: readonly string[]) => JSON.stringify(kept) },
  },
  examples: ['select pid, parent, path, cmdline from bpf_process_events where uid = 0'],
  *rows({ sample }: BpfEvent) {
    if (sample.call !== 'exec') return;
    yield {
      tid: sample.tid,
      pid: sample.pid,
      parent: sample.parent,
      uid: sample.uid,
      gid: sample.gid,
      cid: sample.cgroup,
      exit_code: String(sample.exit),
      probe_error: Number(sample.error),
      syscall: 'exec',
      path: sample.path,
      cwd: sample.directory,
      duration: sample.duration,
      ntime: String(sample.bootTime),
      arguments: sample.arguments,
    };
  },
});
