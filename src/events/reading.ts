/**
 * How far the query that runs has come in each table of events. Threads share it: the one that reads, and the one that lets
 * events go and has to know which of them were read.
 */
export interface Reading {
  readonly tables: readonly string[];
  /** For each of them twice the id of the last event that was read, and one more while more is being read; or `AGAIN`. */
  readonly at: BigInt64Array;
}

/** The query reads the table once more from the start: what went meanwhile was not seen by all of it. */
const AGAIN = -2n;
const BUSY = 1n;
/** Milliseconds: far more than to read a part takes. Who reads may have been killed. */
const PATIENCE = 100;

export function beginReading(tables: readonly string[]): Reading {
  const bytes = tables.length * BigInt64Array.BYTES_PER_ELEMENT;
  return { tables, at: new BigInt64Array(new SharedArrayBuffer(bytes)) };
}

/** One scan of a table by who reads. */
export interface ReadingScan {
  /** Events are about to be read. */
  begins(): void;
  /** They were, all up to `eid`, or to where it was before. */
  ends(eid?: number): void;
}

/** `again`: the query has scanned the table before. */
export function scanOf({ tables, at }: Reading, table: string, again: boolean): ReadingScan | undefined {
  const index = tables.indexOf(table);
  if (index < 0) return undefined;
  const set = (value: bigint) => {
    Atomics.store(at, index, value);
    Atomics.notify(at, index);
  };
  if (again) set(AGAIN);
  const isAgain = () => Atomics.load(at, index) === AGAIN;
  return {
    begins: () => {
      if (!isAgain()) set(Atomics.load(at, index) | BUSY);
    },
    ends: (eid) => {
      if (!isAgain()) set(eid === undefined ? Atomics.load(at, index) & ~BUSY : BigInt(eid) * 2n);
    },
  };
}

/**
 * The last event of a table that was read, 0 before there is one; undefined where one scan has read it and another may be
 * yet to. What is being read now is waited for.
 */
export function readUpTo({ tables, at }: Reading, table: string): number | undefined {
  const index = tables.indexOf(table);
  if (index < 0) return 0;
  let value = Atomics.load(at, index);
  if ((value & BUSY) !== 0n) {
    Atomics.wait(at, index, value, PATIENCE);
    value = Atomics.load(at, index);
  }
  return value === AGAIN ? undefined : Number(value >> 1n);
}
