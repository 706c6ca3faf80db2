import { readFileSync } from 'node:fs';
import { UserError } from '../../base/errors.ts';

/**
 * Descriptors that the daemon needs: with all sources of events it had 79 open on two processors. Node itself crashes below 22, before a line of ours is run.
 */
const LEAST = 128;

/** Throws `UserError` where this process may open so few files that the daemon would fail here and there without a reason. */
export function mustHaveDescriptors(limits: () => string = readLimits): void {
  // Node has raised the first number, the soft limit, to the second.
  const limit = Number(/^Max open files +(\d+)/m.exec(limits())?.[1] ?? Number.POSITIVE_INFINITY);
  if (limit >= LEAST) return;
  throw new UserError(
    `too few files may be open: the limit is ${limit} (ulimit -n, or LimitNOFILE= of the service), and ${LEAST} are needed: raise it`,
  );
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return ''; // Without procfs nobody can tell.
  }
}
