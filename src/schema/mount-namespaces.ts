import type { Host } from '../host/host.ts';

/** A machine as some process sees it, and the cells that say so. */
export interface MountNamespace {
  readonly host: Host;
  /** 0 for the namespace of this program. */
  readonly pid: number;
  /** Inode number of the namespace; '' for that of this program. */
  readonly id: string;
}

/**
 * The machines that a table with a `pid_with_namespace` column reads: this one where the query names no process, else
 * that of each process named. A process that is gone or closed to us gives none, with a warning if it is there.
 */
export function* mountNamespaces(
  host: Host,
  pids: readonly number[] | undefined,
  attempt: <T>(read: () => T) => T | undefined,
): Generator<MountNamespace> {
  for (const pid of pids ?? [0]) {
    if (pid === 0) yield { host, pid, id: '' };
    if (!(pid > 0)) continue;
    // `mnt:[4026531841]`, namespaces(7).
    const link = attempt(() => host.files.readLink(`/proc/${pid}/ns/mnt`));
    const id = /\[([0-9]+)\]/.exec(link ?? '')?.[1];
    if (id !== undefined) yield { host: host.within(pid), pid, id };
  }
}
