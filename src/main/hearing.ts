/** What the threads that hear events have in common. */
import { HostError, UserError } from '../base/errors.ts';
import { sparingly } from '../daemon/sparingly.ts';
import { HearingBudget, type HearingShares, type Share } from '../events/cpu-budget.ts';
import type { FromEvents } from '../events/messages.ts';

type Say = (severity: Extract<FromEvents, { kind: 'say' }>['severity'], message: string) => void;

/** Milliseconds of processor that each thread that hears has taken; shared. */
export interface Spent {
  readonly all: Float64Array;
  /** The place of this thread. */
  readonly mine: number;
}

/** How long to rest, so that the threads that hear stay within their share. `now`: milliseconds of a clock that never goes back. */
export function resting(shares: HearingShares, { all, mine }: Spent, now: () => number, say: Say): () => number {
  const milliseconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000;
  // Of threads that were here before.
  const before = all[mine]!;
  const spent = () => {
    all[mine] = before + milliseconds(process.threadCpuUsage());
    return all.reduce((sum, its) => sum + its, 0);
  };
  const budget = new HearingBudget(shares, spent, () => milliseconds(process.cpuUsage()), now);
  const warn = sparingly((message) => say('WARNING', message));
  const percent = ({ share }: Share) => `${(share * 100).toFixed(0)} % of a processor`;
  const most = `more come than ${percent(shares.most)} can take`;
  const others = `more come than can be taken beside what queries need, ${percent(shares.all)} for both`;
  return () => {
    const { rest, forOthers } = budget.owed();
    if (rest > 0) warn(`events: ${forOthers ? others : most}; the rest waits in the kernel, or is lost there`);
    return rest;
  };
}

/** One source that fails does not take the others with it. */
export function attempt(name: string, say: Say, work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (!(cause instanceof HostError || cause instanceof UserError)) throw cause;
    say('ERROR', `${name}: ${cause.message}`);
  }
}
