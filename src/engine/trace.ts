import type { Layout } from './virtual-table/layout.ts';
import type { Plan } from './virtual-table/plan.ts';

/** What a statement asked of one table under one plan. */
export interface TraceEntry {
  readonly table: string;
  /** The constraints that reached the table: `pid = ?`. */
  readonly constraints: readonly string[];
  /** Columns that the statement reads. */
  readonly used: readonly string[];
  /** Calls of `generate`: in a join, one for each row of the other side. */
  scans: number;
  rows: number;
  milliseconds: number;
}

/** Counts scans, rows and time table by table while it is on; costs nothing while it is off. */
export class Trace {
  on = false;
  #entries = new Map<string, TraceEntry>();

  clear(): void {
    this.#entries.clear();
  }

  get entries(): readonly TraceEntry[] {
    return [...this.#entries.values()];
  }

  scan(table: string, { columns }: Layout, plan: Plan): TraceEntry | undefined {
    if (!this.on) return undefined;
    const key = `${table} ${plan.text} ${plan.used}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const used = columns.filter((_, i) => (plan.used >> BigInt(Math.min(i, 63))) & 1n);
      entry = {
        table,
        constraints: plan.text === '' ? [] : plan.text.split(', '),
        used: used.map(({ sqlName }) => sqlName),
        scans: 0,
        rows: 0,
        milliseconds: 0,
      };
      this.#entries.set(key, entry);
    }
    entry.scans += 1;
    return entry;
  }
}
