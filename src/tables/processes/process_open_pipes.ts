import { ifReadable } from '../../base/errors.ts';
import type { Files } from '../../host/host.ts';
import { parseDescriptorInfo, parseMountTypes } from '../../parse/mountinfo.ts';
import { bigint, text } from '../../schema/columns.ts';
import { descriptorShares, descriptors } from '../../schema/process-descriptors.ts';
import { processIds } from '../../schema/process-ids.ts';
import { table } from '../../schema/table.ts';

type Mode = 'r' | 'w' | 'rw';

interface End {
  readonly pid: number;
  readonly fd: number;
  readonly mode: Mode;
}

interface Pipe {
  readonly type: 'anonymous' | 'named';
  readonly inode: number;
  readonly ends: End[];
}

/**
 * Partners that every end is shown with in any case. A pipe that n processes share makes n * n pairs: a user with 10,000
 * descriptors would make 10^8 of them.
 */
const LEAST_PARTNERS = 1;
/** Pairs beyond those, in all, the pipes with the fewest ends first: `make -j100` and what its jobs share are 20,000. */
const MAX_MORE_PAIRS = 100_000;

/**
 * Types of local file systems, which answer. Others may ask a program of a user or another machine; whoever has a file of
 * theirs open could hold up whoever looks at it.
 */
const LOCAL = new Set([
  'bcachefs',
  'btrfs',
  'devtmpfs',
  'ext2',
  'ext3',
  'ext4',
  'f2fs',
  'jfs',
  'overlay',
  'ramfs',
  'reiserfs',
  'rootfs',
  'tmpfs',
  'xfs',
  'zfs',
]);

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
  *generate({ host, attempt, warn, row }) {
    const shares = descriptorShares(host.files);
    const found = pipes(host.files, processIds(host, undefined, attempt), shares);
    shares.report(warn);
    let more = MAX_MORE_PAIRS;
    let leftOut = 0;
    let cut: Pipe | undefined;
    for (const pipe of found.sort((a, b) => a.ends.length - b.ends.length)) {
      const { type, inode, ends } = pipe;
      const byMode = { r: modesOf(ends, 'r'), w: modesOf(ends, 'w'), rw: modesOf(ends, 'rw') };
      for (const end of ends) {
        let shown = 0;
        for (const mode of TALKS_TO[end.mode]) {
          for (const partner of byMode[mode]) {
            if (partner === end) continue;
            if (shown >= LEAST_PARTNERS && more <= 0) break;
            if (shown >= LEAST_PARTNERS) more -= 1;
            shown += 1;
            const { pid, fd } = partner;
            yield row({ ...end, type, inode, partner_pid: pid, partner_fd: fd, partner_mode: mode });
          }
        }
        if (shown === 0) yield row({ ...end, type, inode });
        const missing = TALKS_TO[end.mode].reduce((sum, mode) => sum + byMode[mode].length, 0) - shown;
        const itself = end.mode === 'rw' ? 1 : 0;
        if (missing > itself) {
          leftOut += missing - itself;
          cut ??= pipe;
        }
      }
    }
    if (cut !== undefined) {
      const where = `pipe ${cut.inode} of process ${cut.ends[0]!.pid}`;
      warn(`truncated: more than ${MAX_MORE_PAIRS} pairs of ends`, `${leftOut} of ${where} and larger ones left out`);
    }
  },
});

const TALKS_TO: Readonly<Record<Mode, readonly Mode[]>> = { r: ['w', 'rw'], w: ['r', 'rw'], rw: ['r', 'w', 'rw'] };

function modesOf(ends: readonly End[], mode: Mode): End[] {
  return ends.filter((end) => end.mode === mode);
}

/** All pipes with all their ends: the other end of one may be in the last process. */
function pipes(files: Files, pids: Iterable<number>, shares: ReturnType<typeof descriptorShares>): Pipe[] {
  const found = new Map<string, Pipe>();
  const fifos = new Fifos(files);
  for (const pid of pids) {
    for (const { fd, link } of descriptors(files, pid)) {
      const anonymous = /^pipe:\[(\d{1,15})\]$/.exec(link)?.[1];
      const identity =
        anonymous === undefined ? fifos.identify(pid, fd, link) : { key: link, inode: Number(anonymous) };
      if (identity === undefined) continue;
      const mode = openMode(files, `/proc/${pid}/fd/${fd}`);
      if (mode === undefined || shares.take(pid, 1) === 0) continue;
      const { key, inode } = identity;
      const pipe = found.get(key);
      const end = { pid, fd, mode };
      if (pipe !== undefined) pipe.ends.push(end);
      else found.set(key, { type: anonymous === undefined ? 'named' : 'anonymous', inode, ends: [end] });
    }
  }
  return [...found.values()];
}

/**
 * Tells which open files are FIFOs. The link of a descriptor is never followed, because what it leads to may belong to a
 * file system that does not answer. So we look by path, and only at files of local file systems in our own mount namespace.
 */
class Fifos {
  readonly #files: Files;
  #local: ReadonlySet<number> | undefined;

  constructor(files: Files) {
    this.#files = files;
  }

  identify(pid: number, fd: number, link: string): { readonly key: string; readonly inode: number } | undefined {
    if (!link.startsWith('/')) return undefined;
    const info = parseDescriptorInfo(ifReadable(() => this.#files.readText(`/proc/${pid}/fdinfo/${fd}`)) ?? '');
    if (info === undefined || !this.#localMounts().has(info.mount)) return undefined;
    const stat = ifReadable(() => this.#files.linkStat(link));
    // Another file may have the name by now.
    if (stat?.kind !== 'fifo' || (info.inode !== undefined && info.inode !== stat.inode)) return undefined;
    return { key: `${stat.device}:${stat.inode}`, inode: stat.inode };
  }

  #localMounts(): ReadonlySet<number> {
    if (this.#local === undefined) {
      const types = parseMountTypes(ifReadable(() => this.#files.readText('/proc/self/mountinfo')) ?? '');
      this.#local = new Set([...types].filter(([, type]) => LOCAL.has(type)).map(([id]) => id));
    }
    return this.#local;
  }
}

/** The permissions of the link itself say how the descriptor was opened. */
function openMode(files: Files, at: string): Mode | undefined {
  const bits = ifReadable(() => files.linkStat(at).mode);
  if (bits === undefined) return undefined;
  const reads = (bits & 0o400) !== 0;
  const writes = (bits & 0o200) !== 0;
  return reads && writes ? 'rw' : writes ? 'w' : 'r';
}
