import type { Activity } from '../base/activity.ts';
import type { HungCall, Thread } from './sql-thread.ts';
import { type ThreadUse, usedBy } from './thread-use.ts';

/** How often one looks at a thread whose query runs: what it is inside of, and what it uses. */
export const LOOK_MS = 500;
/** As many milliseconds in one call as nothing but a dead server takes: disks that spin up take 5 s. */
export const HANG_MS = 8000;

/** What is looked at, and who hears of it. */
export interface Looks {
  readonly thread: Thread;
  readonly activity: Activity;
  readonly hangMs: number;
  /** Whether it is still the thread's query that is meant. */
  isCurrent(): boolean;
  /** CPU of the queries before, bytes that SQLite holds since, characters of rows so far. */
  base(): readonly [spentMs: number, held: number, characters: number];
  hangs(call: Omit<HungCall, 'query'>): void;
  uses(use: ThreadUse): void;
}

/** Looks at a thread until the timer is cleared: whether it hangs, and what it uses. */
export function lookAt({ thread, activity, hangMs, isCurrent, base, hangs, uses }: Looks): NodeJS.Timeout {
  let changes: number | undefined;
  // Looks are counted, not the clock's time: where this process itself stood still, nothing hangs.
  let stuckMs = 0;
  let measuring = false;
  const timer = setInterval(() => {
    const call = activity.look();
    stuckMs = call !== undefined && call.changes === changes ? stuckMs + LOOK_MS : 0;
    changes = call?.changes;
    if (call !== undefined && stuckMs >= hangMs) {
      clearInterval(timer);
      hangs({ operation: call.operation, path: call.path, seconds: Math.round(stuckMs / 1000) });
      return;
    }
    // One that hangs does not answer.
    if (measuring) return;
    measuring = true;
    void usedBy(thread, ...base()).then((used) => {
      measuring = false;
      if (used !== undefined && isCurrent()) uses(used);
    });
  }, LOOK_MS);
  return timer;
}
