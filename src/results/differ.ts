import { hash } from 'node:crypto';
import type { QueryChange, QueryState, RowChange } from '../store/query-change.ts';
import type { Store } from '../store/store.ts';
import type { Changes } from './log-lines.ts';
import type { RowText } from './row.ts';

/** A scheduled query that has run. */
export interface Ran {
  /** Full name: `pack_web_ports`. */
  readonly name: string;
  readonly sql: string;
  readonly epoch: bigint;
}

/** What a run changed, before it is kept. */
export interface Difference extends Changes {
  readonly counter: bigint;
  /** `new`: all rows are added, because the name or the epoch is new. `sql`: the query was written anew since. */
  readonly reason: 'new' | 'epoch' | 'sql' | 'same';
  /** What of it is to be kept, together with what is logged of it. `now`: Unix seconds. */
  change(now: number): QueryChange;
}

/**
 * Compares a run with the one before. Of that only digests are in memory, 16 characters a row, and of the run itself only
 * what changed. Counters as in osquery: 0 for a first run, one more for each run that changed something.
 */
export function compare(store: Store, ran: Ran, rows: Iterable<RowText>): Difference {
  const { results } = store;
  const digestOf = digester(results.secret);
  const state = results.state(ran.name);
  const reason = reasonOf(state, ran);
  const fresh = reason === 'new' || reason === 'epoch';
  const missing = fresh ? new Map<string, number>() : results.digests(ran.name);
  const added: RowText[] = [];
  const digests: string[] = [];
  for (const row of rows) {
    const digest = digestOf(row);
    const copies = missing.get(digest);
    if (copies === undefined) {
      added.push(row);
      digests.push(digest);
    } else if (copies === 1) missing.delete(digest);
    else missing.set(digest, copies - 1);
  }
  const removed: RowText[] = [];
  for (const [digest, copies] of missing) {
    const row = results.row(ran.name, digest) as RowText | undefined;
    // A disk that lost bits: what it was cannot be told any more.
    if (row === undefined) continue;
    for (let i = 0; i < copies; i++) removed.push(row);
  }
  const changed = added.length > 0 || removed.length > 0;
  const counter = fresh ? 0n : changed ? state!.counter + 1n : state!.counter;
  return {
    added,
    removed,
    counter,
    reason,
    change(now) {
      const rows = new Map<string, RowChange>();
      for (const [digest, copies] of missing) rows.set(digest, { copies: -copies });
      for (const [i, row] of added.entries()) {
        const digest = digests[i]!;
        rows.set(digest, { copies: (rows.get(digest)?.copies ?? 0) + 1, row });
      }
      const kept = changed || reason !== 'same' ? { sql: ran.sql, epoch: ran.epoch, counter } : undefined;
      return { query: ran.name, state: kept, clear: fresh, rows, lastRun: now };
    },
  };
}

/**
 * A run of a query over events: its rows are new by nature, and none of them ever goes. Counters begin with 1, for the
 * first run that has rows.
 */
export function compareEvents(store: Store, ran: Ran, rows: Iterable<RowText>): Difference {
  const { results } = store;
  const state = results.state(ran.name);
  const reason = reasonOf(state, ran);
  const added = Array.from(rows);
  const before = reason === 'new' || reason === 'epoch' ? 0n : state!.counter;
  const counter = added.length > 0 ? before + 1n : before;
  return {
    added,
    removed: [],
    counter,
    reason,
    change(now) {
      const changed = reason !== 'same' || added.length > 0;
      const kept = changed ? { sql: ran.sql, epoch: ran.epoch, counter } : undefined;
      return { query: ran.name, state: kept, clear: reason !== 'same', lastRun: now };
    },
  };
}

function reasonOf(state: QueryState | undefined, { sql, epoch }: Ran): Difference['reason'] {
  if (state === undefined) return 'new';
  if (state.epoch !== epoch) return 'epoch';
  return state.sql === sql ? 'same' : 'sql';
}

/** 96 bits in base64: two of a billion rows are taken for one with a chance of 10^-11. */
const DIGEST_CHARACTERS = 16;

/**
 * Digests that nobody outside can foresee: who names files and processes must not be able to hide a row behind another
 * with the same digest.
 */
function digester(secret: string): (row: RowText) => string {
  return (row) => hash('sha256', secret + row, 'base64').slice(0, DIGEST_CHARACTERS);
}
