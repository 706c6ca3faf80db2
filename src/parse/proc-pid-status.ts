/** Real, effective and saved ids out of `/proc/<pid>/status`, `proc_pid_status(5)`. */
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
