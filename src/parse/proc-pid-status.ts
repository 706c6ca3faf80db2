/** What of `/proc/<pid>/status`, `proc_pid_status(5)`, no other file says as well. */

/** Real, effective and saved ids. */
export interface ProcessIdentity {
  readonly uid: number;
  readonly euid: number;
  readonly suid: number;
  readonly gid: number;
  readonly egid: number;
  readonly sgid: number;
}

/** Undefined where either line is missing. A process can name itself, but the kernel escapes a newline in the name. */
export function parseProcIdentity(content: string): ProcessIdentity | undefined {
  const user = ids(content, '\nUid:\t');
  const group = ids(content, '\nGid:\t');
  if (user === undefined || group === undefined) return undefined;
  return { uid: user[0]!, euid: user[1]!, suid: user[2]!, gid: group[0]!, egid: group[1]!, sgid: group[2]! };
}

/**
 * Bytes in memory; undefined for a kernel thread and a process that has ended. The counter in `/proc/<pid>/stat` leaves
 * out what each processor has counted for itself, megabytes on a large machine.
 */
export function parseResidentSize(content: string): number | undefined {
  const kilobytes = /\nVmRSS:[\t ]+(\d{1,12}) kB/.exec(content)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** The process that a thread belongs to; its own id for the thread that the process began as. */
export function parseThreadGroup(content: string): number | undefined {
  const id = /\nTgid:\t(\d{1,10})\n/.exec(content)?.[1];
  return id === undefined ? undefined : Number(id);
}

function ids(content: string, label: string): number[] | undefined {
  const at = content.indexOf(label);
  if (at < 0) return undefined;
  const start = at + label.length;
  const end = content.indexOf('\n', start);
  const numbers = content
    .slice(start, end < 0 ? undefined : end)
    .split('\t')
    .map(Number);
  return numbers.length === 4 && numbers.every((id) => id >= 0) ? numbers : undefined;
}
