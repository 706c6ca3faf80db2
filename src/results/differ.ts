import { hash, randomBytes } from 'node:crypto';
import type { QueryState } from '../store/query-results.ts';
import type { Settings } from '../store/settings.ts';
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
  /** Keeps it, in the transaction that also keeps what is logged of it. `now`: Unix seconds. */
  keep(now: number): void;
}

/**
 * Compares a run with the one before. Of that only digests are in memory, 16 characters a row, and of the run itself only
 * what changed. Counters as in osquery: 0 for a first run, one more for each run that changed something.
 */
export function compare(store: Store, ran: Ran, rows: Iterable<RowText>): Difference {
  const { results } = store;
  const digestOf = digester(store.settings);
  const state = results.state(ran.name);
  const reason = reasonOf(state, ran);
  const fresh = reason === 'new' || reason === 'epoch';
  const missing = fresh ? new Map<string, number>() : results.digests(state!.id);
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
    const row = results.row(state!.id, digest) as RowText;
    for (let i = 0; i < copies; i++) removed.push(row);
  }
  const changed = added.length > 0 || removed.length > 0;
  const counter = fresh ? 0n : changed ? state!.counter + 1n : state!.counter;
  return {
    added,
    removed,
    counter,
    reason,
    keep(now) {
      const id = state?.id ?? results.create(ran.name);
      if (fresh) results.clear(id);
      for (const [digest, copies] of missing) results.remove(id, digest, copies);
      for (const [i, row] of added.entries()) results.add(id, digests[i]!, row);
      if (changed || reason !== 'same') results.update({ id, sql: ran.sql, epoch: ran.epoch, counter });
      results.touch(id, now);
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
    keep(now) {
      const id = state?.id ?? results.create(ran.name);
      if (reason !== 'same') results.clear(id);
      if (reason !== 'same' || added.length > 0) results.update({ id, sql: ran.sql, epoch: ran.epoch, counter });
      results.touch(id, now);
    },
  };
}

function reasonOf(state: QueryState | undefined, { sql, epoch }: Ran): Difference['reason'] {
  if (state === undefined) return 'new';
  if (state.epoch !== epoch) return 'epoch';
  return state.sql === sql ? 'same' : 'sql';
}

const SECRET = 'results.secret';
/** 96 bits in base64: two of a billion rows are taken for one with a chance of 10^-11. */
const DIGEST_CHARACTERS = 16;

/**
 * Digests that nobody outside can foresee: who names files and processes must not be able to hide a row behind another
 * with the same digest.
 */
function digester(settings: Settings): (row: RowText) => string {
  let secret = settings.get(SECRET);
  if (secret === undefined) {
    secret = randomBytes(32).toString('base64');
    settings.set(SECRET, secret);
  }
  return (row) => hash('sha256', secret + row, 'base64').slice(0, DIGEST_CHARACTERS);
}
