import { ExecSample } from '../../parse/bpf-sample.ts';
import type { BpfEvent } from '../../schema/bpf-event.ts';
import { bigint, integer, text } from '../../schema/columns.ts';
import { rawEventTable, storeColumns } from '../../schema/event-table.ts';

/** Source: the tracepoint `sched_process_exec` and the kernel's structures at that moment. */
export const bpfProcessEvents = rawEventTable({
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
  examples: ['select pid, parent, path, cmdline from bpf_process_events where uid = 0'],
  raw: {
    form: 'bpf exec 1',
    keep({ sample }: BpfEvent, _, into) {
      if (sample.call === 'exec') into.bytes(sample.bytes, sample.bytes.length);
    },
    read: (bytes) => new ExecSample(bytes),
  },
  cells: {
    tid: ({ tid }) => tid,
    pid: ({ pid }) => pid,
    parent: ({ parent }) => parent,
    uid: ({ uid }) => uid,
    gid: ({ gid }) => gid,
    cid: ({ cgroup }) => cgroup,
    exit_code: ({ exit }) => String(exit),
    probe_error: ({ error }) => error,
    syscall: ({ call }) => call,
    path: ({ path }) => path,
    cwd: ({ directory }) => directory,
    cmdline: ({ arguments: given }) => given.join(' '),
    duration: ({ duration }) => duration,
    json_cmdline: ({ arguments: given }) => jsonArray(given),
    ntime: ({ bootTime }) => String(bootTime),
  },
});

/** A JSON array whose strings keep bytes that are no UTF-8, as `cmdline` does: `JSON.stringify` writes half a character. */
function jsonArray(texts: readonly string[]): string {
  if (texts.every((text) => text.isWellFormed())) return JSON.stringify(texts);
  return `[${texts
    .map(
      (text) =>
        `"${text
          .split(/(\p{Surrogate})/u)
          .map(jsonPart)
          .join('')}"`,
    )
    .join(',')}]`;
}

function jsonPart(part: string): string {
  return part.isWellFormed() ? JSON.stringify(part).slice(1, -1) : part;
}
