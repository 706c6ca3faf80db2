import { type Engine, SqlError } from '../engine/engine.ts';
import { VALUE_TYPES } from '../engine/statement.ts';
import { EventScans } from '../events/event-scans.ts';
import type { LeftAlone } from '../host/left-alone.ts';
import { type RowText, rowEncoder } from '../results/row.ts';
import type { EventReader } from '../store/event-store.ts';
import { type QueryReply, type QueryRequest, ROWS_A_PIECE } from './query-protocol.ts';

/** A port to the scheduler, as `parentPort` is one. */
export interface QueryPort {
  on(event: 'message', listener: (request: QueryRequest) => void): void;
  postMessage(reply: QueryReply): void;
}

/** SQLite's code for a statement that needs more memory than it may have. */
const SQLITE_NOMEM = 7;

/**
 * Answers the scheduler's queries in the thread that runs SQL, with an engine that warns through `warn`. `reader` reads the
 * events that were heard; undefined where none are. `leftAlone` is the list that the engine goes by.
 */
export function serveQueries(
  port: QueryPort,
  open: (warn: (text: string) => void) => Engine,
  reader?: EventReader,
  leftAlone: LeftAlone[] = [],
): void {
  let current = 0;
  const engine = open((text) => port.postMessage({ id: current, kind: 'warning', text }));
  port.on('message', ({ id, sql, unseen, leftAlone: places }) => {
    current = id;
    port.postMessage({ id, kind: 'begun' });
    if (places !== undefined) leftAlone.splice(0, leftAlone.length, ...places);
    const scans = reader && new EventScans(reader, unseen?.cursors, unseen?.reading);
    engine.events = scans;
    const before = process.threadCpuUsage();
    const size = process.memoryUsage.rss();
    try {
      run(sql, (rows) => port.postMessage({ id, kind: 'rows', rows }));
      const { user, system } = process.threadCpuUsage(before);
      const memory = Math.max(0, process.memoryUsage.rss() - size);
      const costs = { userMs: user / 1000, systemMs: system / 1000, memory };
      const seen = scans && scans.seen.size > 0 && { seen: { identity: reader!.identity, cursors: scans.seen } };
      port.postMessage({ id, kind: 'done', costs, held: engine.memory, ...seen });
    } catch (cause) {
      const outOfMemory = cause instanceof SqlError && (cause.code & 0xff) === SQLITE_NOMEM;
      port.postMessage({ id, kind: 'failed', message: (cause as Error).message, outOfMemory, held: engine.memory });
    }
  });

  function run(sql: string, send: (rows: readonly RowText[]) => void): void {
    let rows: RowText[] = [];
    for (const statement of engine.statements(sql)) {
      const encode = rowEncoder(statement.columns.map(({ name }) => name));
      for (const cells of statement.rows((text, type) => ({ text, type: VALUE_TYPES[type]! }))) {
        rows.push(encode(cells));
        if (rows.length < ROWS_A_PIECE) continue;
        send(rows);
        rows = [];
      }
    }
    if (rows.length > 0) send(rows);
  }
}
