import type { Layout } from './layout.ts';
import type { Plan } from './plan.ts';

/**
 * Half of xRowid. For `path = '/a' OR path = '/b'` SQLite scans twice and drops rows whose rowid it has seen, so a row
 * number would lose rows; a hash over the columns in use is right: rows equal in all of them satisfy the same terms.
 * The seed is drawn per engine, so that nobody can choose names whose rows swallow each other.
 */
export function rowHasher(): (layout: Layout, plan: Plan, row: Readonly<Record<string, unknown>>) => bigint {
  const seedA = (Math.random() * 0x1_0000_0000) | 0;
  const seedB = (Math.random() * 0x1_0000_0000) | 0;
  const usedColumns = new WeakMap<Plan, readonly string[]>();

  return (layout, plan, row) => {
    let names = usedColumns.get(plan);
    if (names === undefined) {
      names = layout.columns.filter((_, i) => (plan.used >> BigInt(Math.min(i, 63))) & 1n).map(({ source }) => source);
      usedColumns.set(plan, names);
    }
    let a = seedA;
    let b = seedB;
    for (const name of names) {
      const value = row[name];
      const text = value === undefined || value === null ? '' : String(value);
      // The length keeps ('ab','c') and ('a','bc') apart, the kind 1 and '1'.
      a = Math.imul(a ^ (text.length + (typeof value).charCodeAt(0)), 0x01000193);
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        a = Math.imul(a ^ unit, 0x01000193);
        a ^= a >>> 15;
        b = Math.imul(b ^ unit, 0x85ebca6b) ^ (b >>> 13);
      }
      b = Math.imul(b ^ a, 0xc2b2ae35);
      b ^= b >>> 16;
    }
    return (BigInt(b & 0x7fff_ffff) << 32n) | BigInt(a >>> 0);
  };
}

/** Half of the golden ratio's bits: numbers of equal rows lie far from those of others. */
const STEP = 0x1e37_79b9_7f4a_7c15n;

/**
 * The other half. For RIGHT and FULL JOIN SQLite remembers rows by rowid, too, and two rows that are equal in all columns
 * in use are two: the first of a scan has the hash, the second the next number, and so in every scan.
 */
export class RowIds {
  readonly #seen = new Map<bigint, bigint>();

  /** Asked once for each row of a scan. */
  of(hash: bigint): bigint {
    const before = this.#seen.get(hash) ?? 0n;
    this.#seen.set(hash, before + 1n);
    return BigInt.asIntN(64, hash + before * STEP);
  }
}
