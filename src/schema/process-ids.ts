import { ifReadable } from '../base/errors.ts';
import type { Host } from '../host/host.ts';
import { parseThreadGroup } from '../parse/proc-pid-status.ts';

type Attempt = <T>(read: () => T) => T | undefined;

/** The processes that a query asks for: those it names, else all that `/proc` has, in order. */
export function processIds(host: Host, named: readonly number[] | undefined, attempt: Attempt): Iterable<number> {
  return named === undefined ? listed(host, attempt) : thoseNamed(host, named);
}

/** `/proc` does not list threads, but has them for who asks by number. */
function* thoseNamed({ files }: Host, named: readonly number[]): Generator<number> {
  for (const pid of named) {
    if (pid <= 0 || !Number.isInteger(pid)) continue;
    const group = parseThreadGroup(ifReadable(() => files.readText(`/proc/${pid}/status`)) ?? '');
    if (group === undefined || group === pid) yield pid;
  }
}

function listed({ files }: Host, attempt: Attempt): readonly number[] {
  const pids: number[] = [];
  for (const { name } of attempt(() => files.list('/proc')) ?? []) {
    const first = name.charCodeAt(0);
    // Of all names in /proc only those of processes begin with a digit.
    if (first >= 0x31 && first <= 0x39 && /^\d{1,10}$/.test(name)) pids.push(Number(name));
  }
  return pids.sort((a, b) => a - b);
}
