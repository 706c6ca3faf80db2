/** What of a thread can be measured from outside, as `Worker` lets one: it answers also while it computes. */
export interface MeasuredThread {
  getHeapStatistics?(): Promise<{ readonly total_physical_size: number; readonly external_memory: number }>;
  /** Microseconds. */
  cpuUsage?(): Promise<{ readonly user: number; readonly system: number }>;
}

/** What a query uses. */
export interface ThreadUse {
  readonly cpuMs: number;
  /** Bytes of its thread, and of its rows outside of it. */
  readonly memory: number;
}

export const NO_USE: ThreadUse = { cpuMs: 0, memory: 0 };

/** Bytes of V8's heap in a thread that has run nothing yet. */
const FRESH_HEAP = 12 * 1024 * 1024;

/**
 * What the query uses that runs in a thread: V8's heap, buffers and SQLite's memory, which V8 counts as external, and the
 * characters of its rows so far. `spentMs` and `held`: CPU of the queries before it, and bytes that SQLite holds since. Undefined for a thread that does not say.
 */
export async function usedBy(
  thread: MeasuredThread,
  spentMs: number,
  held: number,
  characters: number,
): Promise<ThreadUse | undefined> {
  try {
    const [heap, cpu] = await Promise.all([thread.getHeapStatistics?.(), thread.cpuUsage?.()]);
    if (heap === undefined) return undefined;
    return {
      cpuMs: cpu === undefined ? 0 : Math.max(0, (cpu.user + cpu.system) / 1000 - spentMs),
      memory: Math.max(0, heap.total_physical_size + heap.external_memory - FRESH_HEAP - held) + characters,
    };
  } catch {
    // It has ended.
    return undefined;
  }
}
