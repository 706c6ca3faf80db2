import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { bigint, text } from '../../schema/columns.ts';
import { type Descriptor, descriptors } from '../../schema/process-descriptors.ts';
import { processIds } from '../../schema/process-ids.ts';
import { table } from '../../schema/table.ts';

interface End {
  readonly pid: number;
  readonly fd: number;
  readonly mode: 'r' | 'w' | 'rw';
}

interface Pipe {
  readonly type: 'anonymous' | 'named';
  readonly inode: number;
  readonly ends: End[];
}

/** Source: the links of `/proc/<pid>/fd`, `proc_pid_fd(5)`, whose own permission bits say how the descriptor was opened. */
export const processOpenPipes = table({
  name: 'process_open_pipes',
  description: 'Pipes that processes have open, each end with every other end that it can talk to.',
  platforms: ['linux'],
  columns: {
    pid: bigint('Process id'),
    fd: bigint('Number of the descriptor'),
    mode: text('How it is open: r, w or rw'),
    inode: bigint('Inode number of the pipe'),
    type: text('anonymous, or named for a FIFO'),
    partner_pid: bigint('Process at the other end'),
    partner_fd: bigint('Its descriptor'),
    partner_mode: text('How it has the pipe open: r, w or rw'),
  },
  examples: ['select pid, partner_pid from process_open_pipes where partner_pid != pid'],
  *generate({ host, attempt, row }) {
    for (const { type, inode, ends } of pipes(host.files, processIds(host, undefined, attempt))) {
      for (const end of ends) {
        const partners = ends.filter((other) => other !== end && (other.mode !== end.mode || end.mode === 'rw'));
        if (partners.length === 0) yield row({ ...end, type, inode });
        for (const { pid, fd, mode } of partners) {
          yield row({ ...end, type, inode, partner_pid: pid, partner_fd: fd, partner_mode: mode });
        }
      }
    }
  },
});

/** All pipes with all their ends: the other end of one may be in the last process. */
function pipes(files: Files, pids: Iterable<number>): Iterable<Pipe> {
  const found = new Map<string, Pipe>();
  for (const pid of pids) {
    for (const descriptor of descriptors(files, pid)) {
      const at = `/proc/${pid}/fd/${descriptor.fd}`;
      const identity = identify(files, at, descriptor);
      const mode = identity && openMode(files, at);
      if (identity === undefined || mode === undefined) continue;
      const [key, type, inode] = identity;
      const pipe = found.get(key);
      const end = { pid, fd: descriptor.fd, mode };
      if (pipe === undefined) found.set(key, { type, inode, ends: [end] });
      else pipe.ends.push(end);
    }
  }
  return found.values();
}

/** What tells one pipe from another; undefined for what is no pipe. */
function identify(files: Files, at: string, { link }: Descriptor): [string, Pipe['type'], number] | undefined {
  const inode = /^pipe:\[(\d{1,15})\]$/.exec(link)?.[1];
  if (inode !== undefined) return [link, 'anonymous', Number(inode)];
  if (!link.startsWith('/')) return undefined;
  const stat = ifReadable(() => files.stat(at));
  return stat?.kind === 'fifo' ? [`${stat.device}:${stat.inode}`, 'named', stat.inode] : undefined;
}

function openMode(files: Files, at: string): End['mode'] | undefined {
  const bits = ifReadable(() => files.linkStat(at).mode);
  if (bits === undefined) return undefined;
  const reads = (bits & 0o400) !== 0;
  const writes = (bits & 0o200) !== 0;
  return reads && writes ? 'rw' : writes ? 'w' : 'r';
}
