import { ifReadable } from '../base/errors.ts';
import type { Files } from '../host/host.ts';
import { parseProcIdentity } from '../parse/proc-pid-status.ts';

/** The real user of a process, whose it is whatever it runs as; undefined where the process has ended. Waits for nobody. */
export function userOf(files: Files, pid: number): number | undefined {
  return parseProcIdentity(ifReadable(() => files.readText(`/proc/${pid}/status`)) ?? '')?.uid;
}
