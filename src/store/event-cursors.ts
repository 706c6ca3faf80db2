import type { Preparing, Statement } from './database.ts';
import type { Unkept } from './unkept.ts';

/** Event tables to the id of the last event that a query has seen. */
export type Cursors = ReadonlyMap<string, number>;

/** How far scheduled queries have come in each event table. Kept with their results, in one transaction. */
export class EventCursors {
  readonly #unkept: Unkept;
  readonly #get: Statement;
  readonly #set: Statement;
  readonly #all: Statement;
  readonly #whole: Statement;
  readonly #rename: Statement;
  readonly #known: Statement;
  readonly #names: Statement;
  readonly #delete: Statement;

  constructor(database: Preparing, unkept: Unkept) {
    this.#unkept = unkept;
    const again = { again: true };
    this.#get = database.prepare('SELECT events, eid FROM cursors WHERE query = ? AND identity = ?', again);
    this.#set = database.prepare(
      `INSERT INTO cursors VALUES (?, ?, ?, ?, ?) ON CONFLICT (query, events)
       DO UPDATE SET sql = excluded.sql, identity = excluded.identity, eid = excluded.eid`,
    );
    this.#all = database.prepare('SELECT query, events, eid FROM cursors WHERE identity = ?', again);
    this.#known = database.prepare(
      'SELECT identity, events, max(eid) AS eid FROM cursors GROUP BY identity, events',
      again,
    );
    this.#names = database.prepare('SELECT DISTINCT query, sql FROM cursors');
    this.#whole = database.prepare('SELECT identity, events, eid FROM cursors WHERE query = ?');
    this.#rename = database.prepare('UPDATE cursors SET query = ? WHERE query = ?');
    this.#delete = database.prepare('DELETE FROM cursors WHERE query = ?');
  }

  /** Of a query; empty where it has not run yet. `identity`: of the store of events, whose ids mean nothing in another. */
  of(query: string, identity: string): Cursors {
    const rows = this.#get.all(query, identity) as unknown as { events: string; eid: number }[];
    const kept = rows.map(({ events, eid }) => [events, eid] as const);
    return new Map([...kept, ...(this.#unkept.cursorsOf(query, identity) ?? [])]);
  }

  /** A query has seen all events up to these. */
  set(query: string, sql: string, identity: string, cursors: Cursors): void {
    for (const [events, eid] of cursors) this.#set.run(query, sql, events, identity, eid);
  }

  /** How far the slowest of these queries is in a table; one that has not run yet is at 0. */
  least(queries: Iterable<string>, table: string, identity: string): number {
    const rows = this.#all.all(identity) as unknown as { query: string; events: string; eid: number }[];
    const known = new Map(rows.filter(({ events }) => events === table).map(({ query, eid }) => [query, eid]));
    let least = Number.MAX_SAFE_INTEGER;
    for (const query of queries) {
      const eid = this.#unkept.cursorsOf(query, identity)?.get(table) ?? known.get(query);
      least = Math.min(least, eid ?? 0);
    }
    return least;
  }

  /** All that anybody has seen: a store of events begins beyond it. */
  known(): (readonly [identity: string, table: string, eid: number])[] {
    const rows = this.#known.all() as unknown as { identity: string; events: string; eid: number }[];
    const unkept = [...this.#unkept.queries].flatMap((query) => {
      const { identity = '', cursors = [] } = this.#unkept.of(query)?.seen ?? {};
      return [...cursors].map(([events, eid]) => [identity, events, eid] as const);
    });
    return [...rows.map(({ identity, events, eid }) => [identity, events, eid] as const), ...unkept];
  }

  /**
   * A schedule, names to SQL, takes effect. A query under a new name, with the SQL of one that is gone, goes on where that
   * one was; what else is gone is forgotten.
   */
  reschedule(queries: ReadonlyMap<string, string>): void {
    const known = this.#names.all() as unknown as { query: string; sql: string }[];
    const names = new Set(known.map(({ query }) => query));
    for (const { query: gone, sql } of known) {
      if (queries.has(gone)) continue;
      const heir = [...queries].find(([name, text]) => text === sql && !names.has(name))?.[0];
      if (heir === undefined) this.#delete.run(gone);
      else {
        this.#inherit(heir, gone, sql);
        this.#rename.run(heir, gone);
        names.add(heir);
      }
    }
  }

  /** What the old name has seen the new one has, also where the disk does not take the new name. */
  #inherit(query: string, gone: string, sql: string): void {
    const rows = this.#whole.all(gone) as unknown as { identity: string; events: string; eid: number }[];
    for (const { identity, events, eid } of rows) {
      this.#unkept.put(this.#unkept.with({ query, seen: { sql, identity, cursors: new Map([[events, eid]]) } }));
    }
    const unkept = this.#unkept.of(gone)?.seen;
    if (unkept !== undefined) this.#unkept.put(this.#unkept.with({ query, seen: { ...unkept, sql } }));
  }
}
