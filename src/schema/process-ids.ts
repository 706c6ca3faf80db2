import type { Host } from '../host/host.ts';

type Attempt = <T>(read: () => T) => T | undefined;

/** The processes that a query asks for: those it names, else all that `/proc` has, in order. */
export function processIds(host: Host, named: readonly number[] | undefined, attempt: Attempt): readonly number[] {
  if (named !== undefined) return named.filter((pid) => pid > 0 && Number.isInteger(pid));
  const pids: number[] = [];
  for (const { name } of attempt(() => host.files.list('/proc')) ?? []) {
    const first = name.charCodeAt(0);
    // Of all names in /proc only those of processes begin with a digit.
    if (first >= 0x31 && first <= 0x39 && /^\d{1,10}$/.test(name)) pids.push(Number(name));
  }
  return pids.sort((a, b) => a - b);
}
