/**
 * How far the query that runs has come in each table of events. Threads share it: the one that reads, and the one that lets
 * events go and has to know which of them were read.
 */
export interface Reading {
  readonly tables: readonly string[];
  /** For each of them the last event that was read, 0 before there is one, or `AGAIN`. */
  readonly at: BigInt64Array;
  readonly turn: Turn;
}

/** Whose turn it is: of one who reads some events, or of one who lets some go. 0 while it is nobody's. */
export type Turn = Int32Array;

/** The query reads the table once more from the start: what went meanwhile was not seen by all of it. */
const AGAIN = -1n;
/** Milliseconds: far more than a turn takes. Whose turn it is may have been killed. */
const PATIENCE = 100;

export function newTurn(): Turn {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Does something while nobody else with the same turn does. */
export function inTurn<T>(turn: Turn, work: () => T): T {
  while (Atomics.compareExchange(turn, 0, 0, 1) !== 0) {
    if (Atomics.wait(turn, 0, 1, PATIENCE) === 'timed-out') break;
  }
  try {
    return work();
  } finally {
    Atomics.store(turn, 0, 0);
    Atomics.notify(turn, 0);
  }
}

export function beginReading(tables: readonly string[], turn: Turn): Reading {
  const bytes = tables.length * BigInt64Array.BYTES_PER_ELEMENT;
  return { tables, at: new BigInt64Array(new SharedArrayBuffer(bytes)), turn };
}

/** Reads some events of a scan, in turn; `read` gives the id of the last, undefined for none. */
export function readOn({ tables, at, turn }: Reading, table: string, read: () => number | undefined): void {
  const index = tables.indexOf(table);
  inTurn(turn, () => {
    const last = read();
    if (index >= 0 && last !== undefined && Atomics.load(at, index) !== AGAIN) Atomics.store(at, index, BigInt(last));
  });
}

/** Another scan of a table begins. */
export function readAgain({ tables, at }: Reading, table: string): void {
  const index = tables.indexOf(table);
  if (index >= 0) Atomics.store(at, index, AGAIN);
}

/** The last event of a table that was read, 0 before there is one; undefined where one scan has read it and another may be yet to. */
export function readUpTo({ tables, at }: Reading, table: string): number | undefined {
  const eid = Atomics.load(at, tables.indexOf(table));
  return eid === AGAIN ? undefined : Number(eid);
}
